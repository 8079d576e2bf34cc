// When rules are looked at: rounds, deadlines, chains, cycles.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/rule_harness.h"

namespace tocsin::rules {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::RuleHarness;

std::vector<std::string> names(const RuleHarness& harness, std::size_t from) {
  std::vector<std::string> result;
  for (std::size_t i = from; i < harness.looks().size(); ++i) {
    result.push_back(harness.looks()[i].rule);
  }
  return result;
}

model::Labels metric(std::string_view name, std::string_view instance) {
  return {{"__name__", name}, {"instance", instance}};
}

// For rules with one selector.
const series::Snapshot kEmptySnapshot(std::vector<std::vector<series::PinnedSeries>>(1));

constexpr const char* kPerTarget = R"(
groups:
- name: g
  rules:
  - {alert: OnlyA, expr: 'x{instance="a"} > 5'}
)";

TEST(Rounds, ARuleOfOneTargetIsLookedAtWithEachBatch) {
  RuleHarness harness;
  harness.load(kPerTarget);
  harness.set_live({{1, seconds(5)}, {2, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 1}});
  EXPECT_THAT(names(harness, 0), IsEmpty()) << "the first round of all sources is not over";
  harness.poll(2, {{metric("x", "b"), 1}});
  EXPECT_THAT(names(harness, 0), ElementsAre("OnlyA"));
  harness.advance(seconds(5));
  harness.poll(2, {{metric("x", "b"), 9}});
  EXPECT_EQ(harness.looks().size(), 1U);
  harness.poll(1, {{metric("x", "a"), 9}});
  EXPECT_EQ(harness.looks().size(), 2U);
  EXPECT_EQ(harness.looks()[1].time, harness.now()) << "at once, not at an interval";
  EXPECT_THAT(harness.alerts(model::AlertState::kFiring), ElementsAre("OnlyA{instance=\"a\"}"));
}

constexpr const char* kSum = R"(
groups:
- name: g
  rules:
  - {alert: Sum, expr: 'sum(x) > 5'}
)";

TEST(Rounds, ARuleOfSeveralTargetsWaitsForAllOfThem) {
  RuleHarness harness;
  harness.load(kSum);
  harness.set_live({{1, seconds(5)}, {2, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 3}});
  harness.poll(2, {{metric("x", "b"), 2}});
  ASSERT_EQ(harness.looks().size(), 1U);
  harness.advance(seconds(5));
  // Load moves from b to a: half-fresh, the sum would be 6.
  harness.poll(1, {{metric("x", "a"), 4}});
  EXPECT_EQ(harness.looks().size(), 1U);
  harness.poll(1, {{metric("x", "a"), 4}});
  EXPECT_EQ(harness.looks().size(), 1U) << "the same target twice is not a round";
  harness.poll(2, {{metric("x", "b"), 1}});
  EXPECT_EQ(harness.looks().size(), 2U);
  EXPECT_THAT(harness.alerts(model::AlertState::kFiring), IsEmpty());
}

TEST(Rounds, ASilentTargetDelaysNoLongerThanTheInterval) {
  RuleHarness harness;
  harness.load(kSum);
  harness.set_live({{1, seconds(5)}, {2, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 3}});
  harness.poll(2, {{metric("x", "b"), 2}});
  harness.advance(seconds(30));
  harness.poll(1, {{metric("x", "a"), 30}});
  harness.advance(milliseconds(29'999));
  EXPECT_EQ(harness.looks().size(), 1U);
  harness.advance(milliseconds(1));
  EXPECT_EQ(harness.looks().size(), 2U) << "one interval after its last look";
  harness.advance(seconds(10));
  harness.poll(1, {{metric("x", "a"), 31}});
  harness.advance(seconds(50));
  EXPECT_EQ(harness.looks().size(), 3U);
}

TEST(Rounds, AFailedPollIsADelivery) {
  RuleHarness harness;
  harness.load(kSum);
  harness.set_live({{1, seconds(5)}, {2, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 9}});
  harness.fail_poll(2);
  EXPECT_EQ(harness.looks().size(), 1U);
  EXPECT_THAT(harness.alerts(model::AlertState::kFiring), ElementsAre("Sum{}"));
}

TEST(Rounds, ARemovedTargetIsNotWaitedFor) {
  RuleHarness harness;
  harness.load(kSum);
  harness.set_live({{1, seconds(5)}, {2, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 3}});
  harness.poll(2, {{metric("x", "b"), 2}});
  harness.set_live({{1, seconds(5)}});
  const std::size_t before = harness.looks().size();
  EXPECT_EQ(before, 2U) << "its series have ended";
  harness.advance(seconds(5));
  harness.poll(1, {{metric("x", "a"), 9}});
  EXPECT_EQ(harness.looks().size(), before + 1);
}

TEST(Rounds, ANewTargetJoinsTheRound) {
  RuleHarness harness;
  harness.load(kSum);
  harness.set_live({{1, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 3}});
  harness.advance(seconds(5));
  harness.poll(2, {{metric("x", "b"), 1}});
  EXPECT_EQ(harness.looks().size(), 1U);
  harness.poll(1, {{metric("x", "a"), 3}});
  EXPECT_EQ(harness.looks().size(), 2U);
}

TEST(Rounds, ForElapsesBetweenPolls) {
  RuleHarness harness;
  harness.load(R"(
groups:
- name: g
  rules:
  - {alert: Slow, expr: x > 5, for: 7s, keep_firing_for: 4s}
)");
  harness.set_live({{1, seconds(30)}});
  harness.poll(1, {{metric("x", "a"), 9}});
  const base::WallTime start = harness.now();
  harness.advance(seconds(30));
  ASSERT_EQ(harness.events().size(), 2U);
  EXPECT_EQ(harness.events()[1].transition, model::AlertTransition::kFired);
  EXPECT_EQ(harness.events()[1].time, start + seconds(7));
  harness.poll(1, {{metric("x", "a"), 1}});
  harness.advance(seconds(10));
  ASSERT_EQ(harness.events().size(), 3U);
  EXPECT_EQ(harness.events()[2].transition, model::AlertTransition::kResolved);
  EXPECT_EQ(harness.events()[2].time, start + seconds(34));
}

TEST(Rounds, AbsenceIsSeenAfterTheFirstRoundOfAllSources) {
  RuleHarness harness;
  harness.load(R"(
groups:
- name: g
  rules:
  - {alert: Gone, expr: absent(heartbeat)}
)");
  harness.set_live({{1, seconds(5)}, {2, minutes(10)}});
  harness.poll(1, {{metric("x", "a"), 1}});
  harness.advance(minutes(9));
  EXPECT_THAT(harness.events(), IsEmpty()) << "target 2 may still bring it";
  harness.poll(2, {{metric("x", "b"), 1}});
  EXPECT_THAT(harness.alerts(model::AlertState::kFiring), ElementsAre("Gone{}"));
}

TEST(Rounds, AChainRunsWithinOneRound) {
  RuleHarness harness;
  harness.load(R"(
groups:
- name: late
  rules:
  - {alert: High, expr: 'job:x:double > 10'}
- name: early
  rules:
  - {record: 'job:x:double', expr: 'job:x:sum * 2'}
  - {record: 'job:x:sum', expr: sum(x)}
)");
  harness.set_live({{1, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 1}});
  harness.advance(seconds(5));
  const std::size_t before = harness.looks().size();
  harness.poll(1, {{metric("x", "a"), 6}});
  EXPECT_THAT(names(harness, before), ElementsAre("job:x:sum", "job:x:double", "High"));
  EXPECT_EQ(harness.looks()[before].time, harness.looks().back().time);
  EXPECT_THAT(harness.alerts(model::AlertState::kFiring), ElementsAre("High{}"));
}

TEST(Rounds, AReaderOfTwoRecordedSeriesWaitsForBoth) {
  RuleHarness harness;
  harness.load(R"(
groups:
- name: g
  rules:
  - {record: 'a:total', expr: 'sum(x{instance="a"})'}
  - {record: 'b:total', expr: 'sum(x{instance="b"})'}
  - {record: 'both', expr: 'a:total + b:total'}
)");
  harness.set_live({{1, seconds(5)}, {2, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 1}});
  harness.poll(2, {{metric("x", "b"), 1}});
  harness.advance(seconds(5));
  const std::size_t before = harness.looks().size();
  harness.poll(1, {{metric("x", "a"), 6}});
  EXPECT_THAT(names(harness, before), ElementsAre("a:total"));
  harness.poll(2, {{metric("x", "b"), 6}});
  EXPECT_THAT(names(harness, before), ElementsAre("a:total", "b:total", "both"));
}

TEST(Rounds, ReadersOfAlertsFollowTheAlert) {
  RuleHarness harness;
  harness.load(R"(
groups:
- name: g
  rules:
  - {alert: Many, expr: 'count(ALERTS{alertname="High", alertstate="firing"}) > 1'}
  - {alert: High, expr: x > 5}
)");
  harness.set_live({{1, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 9}, {metric("x", "b"), 9}});
  EXPECT_THAT(harness.alerts(model::AlertState::kFiring),
              ElementsAre("Many{}", "High{instance=\"a\"}", "High{instance=\"b\"}"));
}

TEST(Rounds, ACycleRunsOnTheGridOnly) {
  RuleHarness harness;
  harness.load(R"(
groups:
- name: g
  rules:
  - {record: ping, expr: 'pong + 1 or vector(0)'}
  - {record: pong, expr: ping + 1}
  - {record: single, expr: x + 1}
)");
  const auto rules = harness.engine().view(harness.now())[0].rules;
  EXPECT_EQ(rules[0].mode, EvaluationMode::kInterval);
  EXPECT_EQ(rules[1].mode, EvaluationMode::kInterval);
  EXPECT_EQ(rules[2].mode, EvaluationMode::kRound);
  harness.set_live({{1, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 9}});
  EXPECT_THAT(names(harness, 0), ElementsAre("single"));
  const std::size_t before = harness.looks().size();
  harness.advance(minutes(1));
  const auto after = names(harness, before);
  EXPECT_EQ(std::ranges::count(after, "ping"), 1);
  EXPECT_EQ(std::ranges::count(after, "pong"), 1);
}

TEST(Rounds, TimeIsStrictlyIncreasingWhileTheClockStandsStill) {
  RuleHarness harness;
  harness.load(kPerTarget);
  harness.set_live({{1, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 1}});
  harness.poll(1, {{metric("x", "a"), 1}});
  harness.clock().step_wall(seconds(-1));
  harness.engine().on_arrival({1, true, harness.clock().monotonic_now(), {}}, harness.now(),
                              harness.clock().monotonic_now());
  harness.advance(milliseconds(1));
  ASSERT_EQ(harness.looks().size(), 3U);
  EXPECT_EQ(harness.looks()[1].time, harness.looks()[0].time + milliseconds(1));
  EXPECT_EQ(harness.looks()[2].time, harness.looks()[0].time + milliseconds(2));
}

TEST(Rounds, RecordedSeriesHoldOneSamplePerSlot) {
  EngineOptions options;
  options.evaluation_interval = seconds(60);
  RuleHarness harness(options);
  harness.load("groups: [{name: g, rules: [{record: doubled, expr: x * 2}]}]");
  harness.set_live({{1, seconds(5)}});
  for (int i = 0; i < 12; ++i) {  // 2026-01-01 00:00:00 begins a slot
    harness.poll(1, {{metric("x", "a"), static_cast<double>(i)}});
    harness.advance(seconds(5));
  }
  harness.poll(1, {{metric("x", "a"), 100}});
  const auto counts = harness.query("count_over_time(doubled[10m])", harness.now());
  ASSERT_TRUE(counts.has_value());
  ASSERT_EQ(counts->size(), 1U);
  EXPECT_EQ((*counts)[0].value, 2);
  const auto old = harness.query("doubled offset 5s", harness.now());
  ASSERT_TRUE(old.has_value());
  EXPECT_EQ((*old)[0].value, 22) << "the slot's last value";
  EXPECT_EQ((*harness.query("doubled", harness.now()))[0].value, 200);
}

TEST(Rounds, ARecordedSeriesThatDisappearsGoesStale) {
  RuleHarness harness;
  harness.load("groups: [{name: g, rules: [{record: doubled, expr: x * 2}]}]");
  harness.set_live({{1, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 1}, {metric("x", "b"), 1}});
  harness.advance(seconds(5));
  harness.poll(1, {{metric("x", "a"), 1}});
  EXPECT_EQ(harness.query("doubled", harness.now())->size(), 1U);
}

TEST(Rounds, ABatchDuringARoundCountsForTheNextOne) {
  RuleHarness harness;
  harness.load(kPerTarget);
  harness.set_live({{1, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 1}});
  Engine& engine = harness.engine();
  harness.advance(seconds(5));
  const auto mono = harness.clock().monotonic_now();
  engine.on_arrival({1, true, mono, {}}, harness.now(), mono);
  const auto stage = engine.plan_round(harness.now(), mono);
  ASSERT_TRUE(stage.has_value());
  EXPECT_FALSE(engine.plan_round(harness.now(), mono).has_value()) << "a stage is out";
  EXPECT_FALSE(engine.next_deadline(harness.now(), mono).has_value());
  engine.on_arrival({1, true, mono, {}}, harness.now(), mono);
  engine.on_arrival({1, true, mono, {}}, harness.now(), mono);
  const auto look = [&](const Job& job) {
    return evaluate(job, harness.store().snapshot(job.selections), {});
  };
  (void)engine.decide({look(stage->jobs[0])}, harness.now(), mono);
  const auto next = engine.plan_round(harness.now(), mono);
  ASSERT_TRUE(next.has_value());
  (void)engine.decide({look(next->jobs[0])}, harness.now(), mono);
  EXPECT_FALSE(engine.plan_round(harness.now(), mono).has_value()) << "two wakes are one";
}

TEST(Rounds, ResultsOfAnEarlierLoadAreDropped) {
  RuleHarness harness;
  harness.load(kPerTarget);
  harness.set_live({{1, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 9}});
  Engine& engine = harness.engine();
  harness.advance(seconds(5));
  const auto mono = harness.clock().monotonic_now();
  engine.on_arrival({1, true, mono, {}}, harness.now(), mono);
  const auto stage = engine.plan_round(harness.now(), mono);
  ASSERT_TRUE(stage.has_value());
  (void)engine.load({}, {}, harness.now(), mono);
  const Decision decision =
      engine.decide({evaluate(stage->jobs[0], kEmptySnapshot, {})}, harness.now(), mono);
  EXPECT_THAT(decision.records, IsEmpty());
}

}  // namespace
}  // namespace tocsin::rules
