// Rules that find nothing to read, and what is pushed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/rule_harness.h"

namespace tocsin::rules {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::RuleHarness;

std::size_t looks_at(const RuleHarness& harness, const std::string& rule) {
  return static_cast<std::size_t>(
      std::ranges::count(harness.looks(), rule, &RuleHarness::Look::rule));
}

model::Labels metric(std::string_view name, std::string_view instance) {
  return {{"__name__", name}, {"instance", instance}};
}

constexpr const char* kNothingThere = R"(
groups:
- name: g
  rules:
  - {alert: Missing, expr: 'rate(missing[1m]) > 5'}
  - {alert: Clock, expr: 'missing > 1 or vector(time()) > 1e12'}
  - {alert: Gone, expr: absent(missing)}
  - {record: 'missing:copy', expr: missing}
  - {alert: Copied, expr: 'missing:copy > 5'}
)";

TEST(Sleep, ARuleWithoutSeriesIsNotLookedAtAgain) {
  RuleHarness harness;
  harness.load(kNothingThere);
  harness.set_live({{1, seconds(5)}});
  for (int i = 0; i < 60; ++i) {
    harness.poll(1, {{metric("x", "a"), 1}});
    harness.advance(seconds(5));
  }
  EXPECT_EQ(looks_at(harness, "Missing"), 1U);
  EXPECT_EQ(looks_at(harness, "missing:copy"), 1U);
  EXPECT_GE(looks_at(harness, "Clock"), 5U) << "time changes it";
  EXPECT_GE(looks_at(harness, "Gone"), 5U) << "it found something";
  EXPECT_GE(looks_at(harness, "Copied"), 5U) << "what rules record wakes by other ways";
  EXPECT_THAT(harness.alerts(model::AlertState::kFiring), ElementsAre("Gone{}"));
}

TEST(Sleep, ASeriesWakesIt) {
  RuleHarness harness;
  harness.load(kNothingThere);
  harness.set_live({{1, seconds(5)}, {2, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 1}});
  harness.poll(2, {{metric("x", "b"), 1}});
  harness.advance(minutes(10));
  EXPECT_EQ(looks_at(harness, "Missing"), 1U);
  harness.poll(1, {{metric("x", "a"), 1}, {metric("missing", "a"), 0}});
  EXPECT_EQ(looks_at(harness, "Missing"), 2U) << "at once, for nobody else delivers it";
  harness.advance(seconds(5));
  harness.poll(1, {{metric("x", "a"), 1}, {metric("missing", "a"), 6000}});
  EXPECT_EQ(looks_at(harness, "Missing"), 3U);
  EXPECT_THAT(harness.alerts(model::AlertState::kFiring),
              ::testing::Contains("Missing{instance=\"a\"}"));
  // It goes on as any other does, also when the series is not there for a while.
  harness.advance(seconds(5));
  harness.poll(1, {{metric("x", "a"), 1}});
  harness.advance(minutes(5));
  EXPECT_GE(looks_at(harness, "Missing"), 8U);
  EXPECT_THAT(harness.alerts(model::AlertState::kFiring), ElementsAre("Gone{}"));
}

TEST(Sleep, ASeriesThatIsDroppedAndComesBackWakesItAgain) {
  RuleHarness harness;
  harness.load(kNothingThere);
  harness.set_live({{1, seconds(5)}});
  harness.poll(1, {{metric("missing", "a"), 1}});
  harness.advance(seconds(5));
  harness.poll(1, {{metric("x", "a"), 1}});
  harness.advance(minutes(2));
  // Its last samples leave the store.
  harness.store().expire(harness.now() + std::chrono::hours(24 * 40));
  harness.advance(minutes(20));
  const std::size_t before = looks_at(harness, "Missing");
  harness.advance(minutes(20));
  EXPECT_EQ(looks_at(harness, "Missing"), before) << "nothing is there any more";
  harness.store().expire(harness.now());
  harness.poll(1, {{metric("missing", "a"), 1}});
  EXPECT_EQ(looks_at(harness, "Missing"), before + 1);
}

TEST(Sleep, AMillionLooksAreNotTaken) {
  RuleHarness harness;
  std::string text = "groups:\n- name: g\n  rules:\n";
  for (int i = 0; i < 500; ++i) {
    text += "  - {alert: R" + std::to_string(i) + ", expr: 'rate(none{n=\"" + std::to_string(i) +
            "\"}[1m]) > 5'}\n";
  }
  harness.load(text);
  harness.set_live({{1, seconds(5)}});
  for (int i = 0; i < 100; ++i) {
    harness.poll(1, {{metric("x", "a"), 1}});
    harness.advance(seconds(5));
  }
  EXPECT_EQ(harness.looks().size(), 500U) << "one each";
  EXPECT_EQ(harness.store().watch_stats().watches, 0U) << "and nothing is kept for them";
}

constexpr const char* kMixed = R"(
groups:
- name: g
  rules:
  - {alert: Both, expr: 'sum(x) > 5'}
)";

TEST(Pushed, WhatIsPushedIsNotWaitedFor) {
  RuleHarness harness;
  harness.load(kMixed);
  harness.set_live({{1, seconds(5)}, {2, seconds(5)}, {3, base::Duration(0)}});
  harness.poll(1, {{metric("x", "a"), 1}});
  harness.poll(2, {{metric("x", "b"), 1}});
  harness.poll(3, {{metric("x", "pushed"), 1}});
  harness.advance(seconds(5));
  const std::size_t before = harness.looks().size();
  harness.poll(1, {{metric("x", "a"), 1}});
  EXPECT_EQ(harness.looks().size(), before) << "half of the round";
  harness.poll(2, {{metric("x", "b"), 4}});
  EXPECT_EQ(harness.looks().size(), before + 1) << "nobody knows when the next push comes";
  EXPECT_THAT(harness.alerts(model::AlertState::kFiring), ElementsAre("Both{}"));
}

TEST(Rounds, WhoComesJustTooLateCompletesTheRoundAfterAll) {
  RuleHarness harness;
  harness.load(kMixed);
  harness.set_live({{1, seconds(60)}, {2, seconds(60)}, {3, seconds(60)}});
  for (series::Origin origin = 1; origin <= 3; ++origin) {
    harness.poll(origin, {{metric("x", std::to_string(origin)), 1}});
  }
  harness.advance(seconds(30));
  harness.poll(1, {{metric("x", "1"), 1}});
  harness.poll(2, {{metric("x", "2"), 1}});
  harness.advance(seconds(61));
  const std::size_t before = harness.looks().size();
  harness.poll(3, {{metric("x", "3"), 9}});
  EXPECT_EQ(harness.looks().size(), before + 1) << "not at the end of the next round";
  EXPECT_THAT(harness.alerts(model::AlertState::kFiring), ElementsAre("Both{}"));
  harness.poll(1, {{metric("x", "1"), 1}});
  EXPECT_EQ(harness.looks().size(), before + 1) << "a round of its own begins";
}

TEST(Pushed, ARuleOfPushesAloneIsLookedAtWithEach) {
  RuleHarness harness;
  harness.load(kMixed);
  harness.set_live({{3, base::Duration(0)}, {4, base::Duration(0)}});
  harness.poll(3, {{metric("x", "a"), 1}});
  harness.poll(4, {{metric("x", "b"), 1}});
  harness.advance(seconds(1));
  const std::size_t before = harness.looks().size();
  harness.poll(3, {{metric("x", "a"), 9}});
  EXPECT_EQ(harness.looks().size(), before + 1);
  EXPECT_THAT(harness.alerts(model::AlertState::kFiring), ElementsAre("Both{}"));
}

}  // namespace
}  // namespace tocsin::rules
