// What failed polls may resolve.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/rule_harness.h"

namespace tocsin::rules {
namespace {

using model::AlertState;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::RuleHarness;

model::Labels metric(std::string_view name, std::string_view instance) {
  return {{"__name__", name}, {"instance", instance}};
}

std::vector<std::string> transitions(const RuleHarness& harness, std::size_t from = 0) {
  std::vector<std::string> texts;
  for (std::size_t i = from; i < harness.events().size(); ++i) {
    const auto& event = harness.events()[i];
    const char* names[] = {"pending", "fired", "updated", "resolved", "gone"};
    texts.push_back(std::string(names[static_cast<int>(event.transition)]) + " " +
                    std::string(event.alert.labels.get("instance")));
  }
  return texts;
}

EngineOptions keeping() {
  EngineOptions options;
  options.no_data = NoData::kKeep;
  return options;
}

/// Two targets for which the same rule fires; then the first cannot be polled.
struct TwoTargets {
  TwoTargets() {
    harness.load("groups: [{name: g, rules: [{alert: High, expr: x > 5}]}]");
    harness.set_live({{1, seconds(5)}, {2, seconds(5)}});
    for (int i = 0; i < 3; ++i) {
      harness.poll(1, {{metric("x", "a"), 9}});
      harness.poll(2, {{metric("x", "b"), 9}});
      harness.advance(seconds(5));
    }
    failed = harness.now();
  }
  void fail_until(base::WallTime end) {
    while (harness.now() < end) {
      harness.fail_poll(1);
      harness.poll(2, {{metric("x", "b"), 9}});
      harness.advance(seconds(5));
    }
  }
  /// The first target shows these; the second delivers too, which completes the round.
  void poll(const RuleHarness::Samples& of_the_first) {
    harness.poll(1, of_the_first);
    harness.poll(2, {{metric("x", "b"), 9}});
  }
  /// What was told of the data: the kind and the seconds since the first failure.
  std::vector<std::string> told() const {
    std::vector<std::string> texts;
    for (const auto& [time, change] : harness.data()) {
      const char* names[] = {"held", "missing", "back"};
      texts.push_back(std::string(names[static_cast<int>(change.kind)]) + " " +
                      std::string(change.labels.get("instance")) + " " +
                      std::to_string((time - failed) / seconds(1)));
    }
    return texts;
  }
  std::optional<base::WallTime> missing_since() {
    return harness.engine().view(harness.now())[0].rules[0].alerts[0].data_missing_since;
  }

  RuleHarness harness{keeping()};
  base::WallTime failed;
};

TEST(NoData, ByDefaultAFailedPollResolves) {
  RuleHarness harness;
  harness.load("groups: [{name: g, rules: [{alert: High, expr: x > 5}]}]");
  harness.set_live({{1, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 9}});
  harness.advance(seconds(5));
  harness.fail_poll(1);
  EXPECT_THAT(transitions(harness), ElementsAre("fired a", "resolved a"));
}

TEST(NoData, KeepKeepsAlertsOfTheFailingTargetAndSaysSo) {
  TwoTargets targets;
  targets.harness.fail_poll(1);
  targets.harness.poll(2, {{metric("x", "b"), 1}});
  EXPECT_THAT(transitions(targets.harness, 2), ElementsAre("resolved b"))
      << "a sample of a healthy target resolves";
  EXPECT_THAT(targets.harness.alerts(AlertState::kFiring), ElementsAre("High{instance=\"a\"}"));
  EXPECT_EQ(targets.missing_since(), targets.failed);
  EXPECT_THAT(targets.told(), ElementsAre("held a 0"));
}

TEST(NoData, ALongTimeWithoutDataIsToldOnceAndResolvesNothing) {
  TwoTargets targets;
  targets.fail_until(targets.failed + minutes(40));
  EXPECT_THAT(targets.told(), ElementsAre("held a 0", "missing a 900"));
  EXPECT_THAT(transitions(targets.harness, 2), IsEmpty());
  EXPECT_EQ(targets.missing_since(), targets.failed);
  targets.poll({{metric("x", "a"), 9}});
  EXPECT_THAT(targets.told(), ElementsAre("held a 0", "missing a 900", "back a 2400"));
  EXPECT_EQ(targets.missing_since(), std::nullopt);
  EXPECT_THAT(transitions(targets.harness, 2), IsEmpty());
  targets.harness.advance(seconds(5));
  targets.poll({{metric("x", "a"), 1}});
  EXPECT_THAT(transitions(targets.harness, 2), ElementsAre("resolved a"));
}

TEST(NoData, ASeriesThatIsGoneWhenPollsSucceedAgainResolves) {
  TwoTargets targets;
  targets.fail_until(targets.failed + minutes(20));
  targets.poll({});
  EXPECT_THAT(transitions(targets.harness, 2), ElementsAre("resolved a"));
}

TEST(NoData, ATargetThatIsNotPolledAnyMoreHoldsNothing) {
  TwoTargets targets;
  targets.fail_until(targets.failed + minutes(1));
  targets.harness.set_live({{2, seconds(5)}});
  targets.harness.advance(minutes(2));
  EXPECT_THAT(transitions(targets.harness, 2), ElementsAre("resolved a"));
}

TEST(NoData, ARestartForgetsNothingOfIt) {
  TwoTargets targets;
  targets.fail_until(targets.failed + minutes(10));
  targets.harness.restart();
  targets.fail_until(targets.failed + minutes(60));
  EXPECT_THAT(targets.told(), ElementsAre("held a 0", "missing a 900"));
  EXPECT_THAT(transitions(targets.harness, 2), IsEmpty());
  EXPECT_EQ(targets.missing_since(), targets.failed);
  targets.poll({{metric("x", "a"), 1}});
  EXPECT_THAT(transitions(targets.harness, 2), ElementsAre("resolved a"));
}

// Nobody knows after the start which target it came from.
TEST(NoData, ATargetThatFailsSinceTheStartIsWaitedForAWhile) {
  TwoTargets targets;
  targets.harness.restart();
  targets.fail_until(targets.failed + minutes(14));
  EXPECT_THAT(transitions(targets.harness, 2), IsEmpty());
  EXPECT_THAT(targets.told(), ElementsAre("held a 0"));
  targets.fail_until(targets.failed + minutes(17));
  EXPECT_THAT(transitions(targets.harness, 2), ElementsAre("resolved a"));
}

TEST(NoData, AGroupMayKeepWhatIsGlobalDefaultOtherwise) {
  RuleHarness harness;
  harness.load("groups: [{name: g, no_data: keep, rules: [{alert: High, expr: x > 5}]}]");
  harness.set_live({{1, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 9}});
  harness.advance(seconds(5));
  harness.fail_poll(1);
  EXPECT_THAT(transitions(harness), ElementsAre("fired a"));
  harness.advance(seconds(5));
  harness.poll(1, {{metric("x", "b"), 9}});
  EXPECT_THAT(transitions(harness), ElementsAre("fired a", "resolved a", "fired b"));
}

}  // namespace
}  // namespace tocsin::rules
