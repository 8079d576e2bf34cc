// Rules that are looked at on Prometheus' grid.

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

model::Labels metric(std::string_view name, std::string_view instance) {
  return {{"__name__", name}, {"instance", instance}};
}

TEST(Grid, AWrittenIntervalIsKeptExactly) {
  RuleHarness harness;
  harness.load("groups: [{name: g, interval: 20s, rules: [{alert: A, expr: x > 5}]}]");
  harness.set_live({{1, seconds(1)}});
  for (int i = 0; i < 60; ++i) {
    harness.poll(1, {{metric("x", "a"), 9}});
    harness.advance(seconds(1));
  }
  ASSERT_EQ(harness.looks().size(), 3U);
  EXPECT_EQ(harness.looks()[1].time - harness.looks()[0].time, seconds(20));
  EXPECT_EQ(harness.looks()[2].time - harness.looks()[1].time, seconds(20));
  EXPECT_EQ(harness.engine().view(harness.now())[0].missed_iterations, 0U);
}

TEST(Grid, MissedSlotsAreCountedAndNotMadeUpFor) {
  RuleHarness harness;
  harness.load("groups: [{name: g, interval: 20s, rules: [{alert: A, expr: x > 5}]}]");
  harness.set_live({{1, seconds(1)}});
  harness.poll(1, {{metric("x", "a"), 9}});
  harness.clock().advance(seconds(70));  // the loop hangs
  harness.advance(seconds(0));
  EXPECT_EQ(harness.looks().size(), 1U);
  EXPECT_GE(harness.engine().view(harness.now())[0].missed_iterations, 2U);
}

TEST(Grid, ARuleSeesWhatThoseBeforeItWroteAndNotThoseAfterIt) {
  RuleHarness harness;
  harness.load(R"(
groups:
- name: g
  interval: 10s
  rules:
  - {record: before, expr: 'counter or vector(-1)'}
  - {record: counter, expr: 'x'}
  - {record: after, expr: 'counter'}
)");
  harness.set_live({{1, seconds(1)}});
  harness.poll(1, {{{{"__name__", "x"}}, 7}});
  harness.advance(seconds(10));
  EXPECT_EQ((*harness.query("before", harness.now()))[0].value, -1);
  EXPECT_EQ((*harness.query("after", harness.now()))[0].value, 7);
}

TEST(Grid, RulesWithoutSeriesRunOnTheirInterval) {
  RuleHarness harness;
  harness.load("groups: [{name: g, rules: [{alert: Always, expr: vector(1)}]}]");
  harness.set_live({{1, seconds(1)}});
  harness.poll(1, {{metric("x", "a"), 9}});
  harness.advance(minutes(3));
  EXPECT_EQ(harness.looks().size(), 3U);
  EXPECT_THAT(harness.alerts(model::AlertState::kFiring), ElementsAre("Always{}"));
}

TEST(Grid, RoundsMayBeAskedForDespiteAWrittenInterval) {
  RuleHarness harness;
  harness.load(
      "groups: [{name: g, interval: 20s, evaluation: round, rules: [{alert: A, expr: x > 5}]}]");
  harness.set_live({{1, seconds(1)}});
  harness.poll(1, {{metric("x", "a"), 9}});
  EXPECT_EQ(harness.looks().size(), 1U);
}

TEST(Grid, ASlotFromBeforeTheFirstPollsClaimsNoAbsence) {
  RuleHarness harness;
  harness.load("groups: [{name: g, interval: 1s, rules: [{alert: Gone, expr: absent(x)}]}]");
  harness.set_live({{1, seconds(5)}});
  harness.advance(seconds(7));
  harness.poll(1, {{metric("x", "a"), 1}});
  harness.advance(seconds(3));
  EXPECT_EQ(harness.looks().size(), 3U);
  EXPECT_THAT(harness.events(), IsEmpty());
}

TEST(Grid, AbsenceWaitsForSlowSourcesHere) {
  RuleHarness harness;
  harness.load("groups: [{name: g, interval: 10s, rules: [{alert: Gone, expr: absent(x)}]}]");
  harness.set_live({{1, seconds(5)}, {2, minutes(10)}});
  harness.poll(1, {{metric("y", "a"), 1}});
  harness.advance(minutes(5));
  EXPECT_THAT(harness.events(), IsEmpty());
  harness.poll(2, {{metric("y", "b"), 1}});
  harness.advance(seconds(10));
  EXPECT_THAT(harness.alerts(model::AlertState::kFiring), ElementsAre("Gone{}"));
}

}  // namespace
}  // namespace tocsin::rules
