// Which rules a push wakes: those that read what was pushed, not all that read pushes.

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

constexpr series::Origin kPushes = 7;

model::Labels metric(std::string_view name) { return {{"__name__", name}}; }

std::vector<std::string> looks_since(const RuleHarness& harness, std::size_t from) {
  std::vector<std::string> names;
  for (std::size_t i = from; i < harness.looks().size(); ++i) {
    names.push_back(harness.looks()[i].rule);
  }
  return names;
}

// Loads the rules, pushes zeros of these metrics, and lets all first looks pass.
void begin(RuleHarness& harness, const std::string& rules,
           const std::vector<std::string>& metrics) {
  harness.load("groups:\n- name: g\n  rules:\n" + rules);
  RuleHarness::Samples samples;
  for (const std::string& name : metrics) {
    samples.emplace_back(metric(name), 0);
  }
  harness.push(kPushes, samples);
  harness.advance(minutes(1));
  harness.advance(seconds(1));
}

TEST(Pushes, WakeTheRulesThatReadThem) {
  RuleHarness harness;
  std::string rules;
  std::vector<std::string> metrics;
  for (int i = 0; i < 500; ++i) {
    const std::string number = std::to_string(i);
    rules += "  - {alert: A" + number + ", expr: 'p" + number + " > 100'}\n";
    metrics.push_back("p" + number);
  }
  begin(harness, rules, metrics);
  const std::size_t before = harness.looks().size();
  for (int i = 0; i < 10; ++i) {
    harness.push(kPushes, {{metric("p7"), 1}});
    harness.push(kPushes, {{metric("unrelated"), 1}});
    harness.advance(seconds(1));
  }
  EXPECT_THAT(looks_since(harness, before), ::testing::Each("A7"));
  EXPECT_EQ(harness.looks().size(), before + 10);
  harness.push(kPushes, {{metric("p8"), 1}, {metric("p9"), 101}});
  EXPECT_THAT(looks_since(harness, before + 10), ElementsAre("A8", "A9"));
  EXPECT_THAT(harness.alerts(model::AlertState::kFiring), ElementsAre("A9{}"));
}

TEST(Pushes, WakeRulesInWhateverWayTheyRead) {
  RuleHarness harness;
  begin(harness,
        "  - {alert: Names, expr: 'count({__name__=~\"p.*\"} > 5) > 0'}\n"
        "  - {alert: Range, expr: 'max_over_time(p[1m]) > 5'}\n"
        "  - {alert: Inner, expr: 'max_over_time((p + 0)[1m:10s]) > 5'}\n"
        "  - {alert: Pinned, expr: 'p @ end() > 5'}\n"
        "  - {alert: Either, expr: 'q > 5 or p > 5'}\n",
        {"p", "q"});
  const std::size_t before = harness.looks().size();
  harness.push(kPushes, {{metric("p"), 9}});
  EXPECT_THAT(looks_since(harness, before),
              ElementsAre("Names", "Range", "Inner", "Pinned", "Either"));
  harness.push(kPushes, {{metric("q"), 1}});
  EXPECT_THAT(looks_since(harness, before + 5), ElementsAre("Either"));
}

TEST(Pushes, OfOneInputGoThroughAChain) {
  RuleHarness harness;
  begin(harness,
        "  - {record: 'sum:a', expr: 'sum(a)'}\n"
        "  - {record: 'sum:b', expr: 'sum(b)'}\n"
        "  - {record: 'sum:both', expr: 'sum:a + sum:b'}\n"
        "  - {alert: Both, expr: 'sum:both > 5'}\n",
        {"a", "b"});
  const std::size_t before = harness.looks().size();
  harness.push(kPushes, {{metric("a"), 9}});
  EXPECT_THAT(looks_since(harness, before), ElementsAre("sum:a", "sum:both", "Both"));
  EXPECT_THAT(harness.alerts(model::AlertState::kFiring), ElementsAre("Both{}"));
  harness.push(kPushes, {{metric("a"), 0}, {metric("b"), 1}});
  EXPECT_THAT(looks_since(harness, before + 3), ElementsAre("sum:a", "sum:b", "sum:both", "Both"));
  EXPECT_THAT(harness.alerts(model::AlertState::kFiring), IsEmpty());
}

TEST(Pushes, ThatEndAreSeenByTime) {
  RuleHarness harness;
  begin(harness, "  - {alert: Gone, expr: 'absent(p)'}\n", {"other"});
  ASSERT_THAT(harness.alerts(model::AlertState::kFiring), ElementsAre("Gone{}"));
  harness.push(kPushes, {{metric("p"), 1}});
  EXPECT_THAT(harness.alerts(model::AlertState::kFiring), IsEmpty()) << "at once";
  harness.advance(minutes(4));
  harness.push(kPushes, {{metric("other"), 1}});
  EXPECT_THAT(harness.alerts(model::AlertState::kFiring), IsEmpty());
  harness.advance(minutes(2));
  EXPECT_THAT(harness.alerts(model::AlertState::kFiring), ElementsAre("Gone{}"));
  harness.push(kPushes, {{metric("p"), 1}});
  EXPECT_THAT(harness.alerts(model::AlertState::kFiring), IsEmpty()) << "when it comes again";
}

TEST(Pushes, ThatComeWhileARoundRunsCountForTheNext) {
  RuleHarness harness;
  begin(harness,
        "  - {alert: A, expr: 'a > 5'}\n"
        "  - {alert: B, expr: 'b > 5'}\n",
        {"a", "b"});
  const base::MonotonicTime mono = harness.clock().monotonic_now();
  const auto arrive = [&](const series::NamedSeries& series) {
    harness.engine().on_arrival({.origin = kPushes,
                                 .up = true,
                                 .arrived = mono,
                                 .created = {},
                                 .touched = std::span(&series, 1)},
                                harness.now(), mono);
  };
  arrive({1, metric("b")});
  const auto running = harness.engine().plan_round(harness.now(), mono);
  ASSERT_TRUE(running && running->jobs.size() == 1);
  EXPECT_EQ(running->jobs[0].rule, 1U);
  arrive({2, metric("a")});
  arrive({3, metric("unrelated")});
  EXPECT_FALSE(harness.engine().plan_round(harness.now(), mono));
  harness.engine().decide({}, harness.now(), mono);
  const auto next = harness.engine().plan_round(harness.now(), mono);
  ASSERT_TRUE(next && next->jobs.size() == 1);
  EXPECT_EQ(next->jobs[0].rule, 0U);
}

TEST(Pushes, WakeNewReadersAfterAReload) {
  RuleHarness harness;
  begin(harness, "  - {alert: A, expr: 'a > 5'}\n", {"a", "b"});
  harness.load(
      "groups:\n- name: g\n  rules:\n"
      "  - {alert: B, expr: 'b > 5'}\n"
      "  - {alert: A, expr: 'a > 5'}\n");
  const std::size_t before = harness.looks().size();
  harness.push(kPushes, {{metric("b"), 9}});
  EXPECT_THAT(looks_since(harness, before), ElementsAre("B"));
  harness.push(kPushes, {{metric("a"), 9}});
  EXPECT_THAT(looks_since(harness, before + 1), ElementsAre("A"));
}

TEST(Pushes, ToTheSeriesOfAnotherWakeItsReaders) {
  RuleHarness harness;
  harness.load("groups:\n- name: g\n  rules:\n  - {alert: A, expr: 'a > 5'}\n");
  harness.set_live({{1, seconds(5)}});
  harness.poll(1, {{metric("a"), 1}});
  harness.advance(seconds(1));
  harness.push(kPushes, {{metric("a"), 9}});
  const std::size_t before = harness.looks().size();
  harness.advance(seconds(1));
  harness.poll(1, {{metric("a"), 9}});
  EXPECT_THAT(looks_since(harness, before), ElementsAre("A"));
  EXPECT_THAT(harness.alerts(model::AlertState::kFiring), ElementsAre("A{}"));
}

}  // namespace
}  // namespace tocsin::rules
