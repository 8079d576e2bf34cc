// What a restart and a step of the clock may resolve.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/rule_harness.h"

namespace tocsin::rules {
namespace {

using model::AlertState;
using model::AlertTransition;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::RuleHarness;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

model::Labels metric(std::string_view name, std::string_view instance) {
  return {{"__name__", name}, {"instance", instance}};
}

std::vector<std::string> transitions(const RuleHarness& harness, std::size_t from = 0) {
  std::vector<std::string> texts;
  for (std::size_t i = from; i < harness.events().size(); ++i) {
    const auto& event = harness.events()[i];
    const char* names[] = {"pending", "fired", "updated", "resolved", "gone"};
    texts.push_back(std::string(names[static_cast<int>(event.transition)]) + " " +
                    std::string(event.alert.labels.get("alertname")));
  }
  return texts;
}

TEST(Restart, FiringAndPendingAlertsComeBack) {
  RuleHarness harness;
  harness.load(R"(
groups:
- name: g
  rules:
  - {alert: Now, expr: x > 5}
  - {alert: Later, expr: x > 5, for: 30s}
)");
  harness.set_live({{1, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 9}});
  harness.advance(seconds(10));
  harness.restart();
  EXPECT_THAT(harness.alerts(AlertState::kFiring), ElementsAre("Now{instance=\"a\"}"));
  EXPECT_THAT(harness.alerts(AlertState::kPending), ElementsAre("Later{instance=\"a\"}"));
  harness.poll(1, {{metric("x", "a"), 9}});
  harness.advance(seconds(20));
  EXPECT_THAT(transitions(harness), ElementsAre("fired Now", "pending Later", "fired Later"));
}

TEST(Restart, ASampleThatMakesItFalseResolves) {
  RuleHarness harness;
  harness.load("groups: [{name: g, rules: [{alert: High, expr: x > 5}]}]");
  harness.set_live({{1, seconds(5)}, {2, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 9}});
  harness.poll(2, {{metric("x", "b"), 9}});
  harness.restart();
  harness.poll(1, {{metric("x", "a"), 1}});
  harness.fail_poll(2);
  ASSERT_THAT(transitions(harness, 2), ElementsAre("resolved High"));
  EXPECT_EQ(harness.events()[2].alert.labels.get("instance"), "a");
  EXPECT_THAT(harness.alerts(AlertState::kFiring), ElementsAre("High{instance=\"b\"}"));
  EXPECT_TRUE(harness.engine().view(harness.now())[0].rules[0].alerts[0].held);
}

// The disk may lack the very sample that an alert fired for.
TEST(Restart, ASampleOfBeforeResolvesNothing) {
  RuleHarness harness;
  harness.load(R"(
groups:
- name: g
  rules:
  - {record: doubled, expr: x * 2}
  - {alert: High, expr: x > 5}
  - {alert: Double, expr: doubled > 5}
)");
  harness.set_live({{1, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 9}});
  ASSERT_THAT(transitions(harness), UnorderedElementsAre("fired High", "fired Double"));
  harness.restart({{metric("x", "a"), 1}, {metric("doubled", "a"), 2}});
  harness.advance(seconds(90));  // the first poll is late, and rules are looked at without it
  EXPECT_THAT(transitions(harness, 2), IsEmpty());
  harness.poll(1, {{metric("x", "a"), 9}});
  EXPECT_THAT(transitions(harness, 2), IsEmpty());
  harness.advance(seconds(5));
  harness.poll(1, {{metric("x", "a"), 1}});
  EXPECT_THAT(transitions(harness, 2), UnorderedElementsAre("resolved High", "resolved Double"));
}

// Their ends may be lost with what the disk lacks.
TEST(Restart, SeriesThatRulesWroteBeforeEndUnlessTheyGoOn) {
  RuleHarness harness;
  harness.load(R"(
groups:
- name: g
  rules:
  - {record: doubled, expr: x * 2}
  - {alert: High, expr: x > 5, labels: {team: shop}}
)");
  const auto alerts = [](const char* name, const char* instance) {
    return model::Labels{{"__name__", "ALERTS"},
                         {"alertname", name},
                         {"alertstate", "firing"},
                         {"instance", instance},
                         {"team", "shop"}};
  };
  const auto shown = [&](const std::string& selector) {
    return harness.query("count(" + selector + ")", harness.now())->size() == 0
               ? 0
               : harness.query("count(" + selector + ")", harness.now())->front().value;
  };
  harness.set_live({{1, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 9}, {metric("x", "b"), 1}});
  harness.restart({{metric("doubled", "a"), 18},
                   {metric("doubled", "gone"), 18},
                   {alerts("High", "a"), 1},
                   {alerts("High", "b"), 1},
                   {alerts("Dropped", "a"), 1}});
  EXPECT_EQ(shown("ALERTS{alertname='Dropped'}"), 0) << "nobody writes it any more";
  EXPECT_EQ(shown("ALERTS"), 2);
  harness.poll(1, {{metric("x", "a"), 9}, {metric("x", "b"), 1}});
  EXPECT_EQ(shown("ALERTS"), 1);
  EXPECT_EQ(shown("doubled"), 2) << "one of each series of x";
  EXPECT_EQ(shown("doubled{instance='gone'}"), 0);
}

TEST(Restart, AMissingSeriesResolvesAfterTwoMorePolls) {
  RuleHarness harness;
  harness.load("groups: [{name: g, rules: [{alert: High, expr: x > 5}]}]");
  harness.set_live({{1, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 9}, {metric("x", "b"), 1}});
  harness.restart();
  harness.poll(1, {{metric("x", "b"), 1}});
  harness.advance(seconds(5));
  harness.poll(1, {{metric("x", "b"), 1}});
  EXPECT_THAT(transitions(harness, 1), IsEmpty());
  harness.advance(seconds(5));
  harness.poll(1, {{metric("x", "b"), 1}});
  EXPECT_THAT(transitions(harness, 1), ElementsAre("resolved High"));
}

// The alert of the kill -9 loop: a range that the store of a new process does not cover yet.
TEST(Restart, ARangeIsNotJudgedBeforeItIsCovered) {
  RuleHarness harness;
  harness.load("groups: [{name: g, rules: [{alert: Errors, expr: 'increase(x[1m]) > 5'}]}]");
  harness.set_live({{1, seconds(5)}});
  double counter = 0;
  const auto poll = [&] {
    harness.poll(1, {{metric("x", "a"), counter}});
    harness.advance(seconds(5));
    counter += 1;
  };
  for (int i = 0; i < 15; ++i) {
    poll();
  }
  ASSERT_THAT(transitions(harness), ElementsAre("fired Errors"));
  for (int restarts = 0; restarts < 5; ++restarts) {
    harness.restart();
    for (int i = 0; i < 3 + restarts; ++i) {
      poll();
    }
  }
  for (int i = 0; i < 20; ++i) {
    poll();
  }
  EXPECT_THAT(transitions(harness), ElementsAre("fired Errors")) << "no false resolve";
  counter -= 1;
  for (int i = 0; i < 14; ++i) {
    harness.poll(1, {{metric("x", "a"), counter}});
    harness.advance(seconds(5));
  }
  EXPECT_THAT(transitions(harness), ElementsAre("fired Errors", "resolved Errors"));
}

TEST(Restart, ARangeThatStaysFalseResolvesOnceItIsCovered) {
  RuleHarness harness;
  harness.load("groups: [{name: g, rules: [{alert: Errors, expr: 'increase(x[1m]) > 5'}]}]");
  harness.set_live({{1, seconds(5)}});
  for (int i = 0; i < 15; ++i) {
    harness.poll(1, {{metric("x", "a"), i}});
    harness.advance(seconds(5));
  }
  harness.restart();
  const base::WallTime start = harness.now();
  for (int i = 0; i < 20; ++i) {
    harness.poll(1, {{metric("x", "a"), 15}});
    harness.advance(seconds(5));
  }
  ASSERT_THAT(transitions(harness), ElementsAre("fired Errors", "resolved Errors"));
  EXPECT_GE(harness.events()[1].time, start + seconds(65));
  EXPECT_LE(harness.events()[1].time, start + seconds(75));
}

TEST(Restart, UpIsJudgedByItsFirstSample) {
  RuleHarness harness;
  harness.load("groups: [{name: g, rules: [{alert: Down, expr: up == 0}]}]");
  harness.set_live({{1, seconds(5)}});
  harness.poll(1, {{metric("up", "a"), 0}});
  harness.restart();
  harness.advance(seconds(3));
  EXPECT_THAT(harness.alerts(AlertState::kFiring), SizeIs(1));
  harness.poll(1, {{metric("up", "a"), 1}});
  EXPECT_THAT(transitions(harness), ElementsAre("fired Down", "resolved Down"));
}

TEST(Restart, AbsenceIsNeitherClaimedNorDeniedBeforeThePolls) {
  RuleHarness harness;
  harness.load(R"(
groups:
- name: g
  rules:
  - {alert: NoA, expr: 'absent(x{instance="a"})'}
  - {alert: NoB, expr: 'absent(x{instance="b"})'}
)");
  harness.set_live({{1, seconds(5)}});
  harness.poll(1, {{metric("x", "b"), 1}});
  ASSERT_THAT(transitions(harness), ElementsAre("fired NoA"));
  harness.restart();
  harness.advance(minutes(2));
  EXPECT_THAT(transitions(harness, 1), IsEmpty());
  harness.poll(1, {{metric("x", "a"), 1}, {metric("x", "b"), 1}});
  EXPECT_THAT(transitions(harness, 1), ElementsAre("resolved NoA"));
}

TEST(Restart, KeepFiringSurvives) {
  RuleHarness harness;
  harness.load("groups: [{name: g, rules: [{alert: High, expr: x > 5, keep_firing_for: 60s}]}]");
  harness.set_live({{1, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 9}});
  harness.advance(seconds(5));
  harness.poll(1, {{metric("x", "a"), 1}});
  const base::WallTime since = harness.now();
  harness.advance(seconds(20));
  harness.restart();
  harness.poll(1, {{metric("x", "a"), 1}});
  harness.advance(seconds(60));
  ASSERT_THAT(transitions(harness), ElementsAre("fired High", "resolved High"));
  EXPECT_EQ(harness.events()[1].time, since + seconds(60));
}

TEST(Restart, AlertsOfRulesThatAreGoneAreResolved) {
  RuleHarness harness;
  harness.load("groups: [{name: g, rules: [{alert: High, expr: x > 5}]}]");
  harness.set_live({{1, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 9}});
  Engine engine({}, nullptr);
  (void)engine.load({}, {}, harness.now(), harness.clock().monotonic_now());
  for (const model::Record& record : harness.records()) {
    ASSERT_TRUE(engine.apply(record).has_value());
  }
  const Decision decision = engine.finish_restore(harness.now(), harness.clock().monotonic_now());
  ASSERT_THAT(decision.records, SizeIs(1));
  EXPECT_EQ(decision.records[0].type, "alert.resolved");
  ASSERT_THAT(decision.changes, SizeIs(1));
  EXPECT_EQ(decision.changes[0].transition, AlertTransition::kResolved);
}

TEST(Restart, AReplayedClockStepMovesNoSchedule) {
  RuleHarness harness;
  harness.load("groups: [{name: g, rules: [{alert: High, expr: x > 5, for: 1m}]}]");
  harness.set_live({{1, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 9}});
  harness.step_clock(minutes(60));
  harness.restart();
  EXPECT_EQ(harness.engine().view(harness.now())[0].rules[0].alerts[0].alert.active_at,
            harness.now());
  harness.poll(1, {{metric("x", "a"), 9}});
  harness.advance(minutes(1));
  EXPECT_THAT(transitions(harness), ElementsAre("pending High", "fired High"));
}

TEST(ClockStep, ForIsNeitherShortenedNorLengthened) {
  for (const auto step : {minutes(60), minutes(-60)}) {
    RuleHarness harness;
    harness.load("groups: [{name: g, rules: [{alert: High, expr: x > 5, for: 60s}]}]");
    harness.set_live({{1, seconds(60)}});
    harness.poll(1, {{metric("x", "a"), 9}});
    harness.advance(seconds(30));
    harness.step_clock(step);
    harness.store_only(1, {{metric("x", "a"), 9}}, harness.now());
    const base::WallTime stepped = harness.now();
    harness.advance(seconds(29));
    EXPECT_THAT(transitions(harness), ElementsAre("pending High"));
    if (step < minutes(0)) {
      continue;  // the store refuses samples from before the newest one
    }
    harness.advance(seconds(1));
    ASSERT_THAT(transitions(harness), ElementsAre("pending High", "fired High"));
    EXPECT_EQ(harness.events()[1].time, stepped + seconds(30));
  }
}

TEST(ClockStep, ResolutionsWaitForOnePoll) {
  RuleHarness harness;
  harness.load("groups: [{name: g, rules: [{alert: High, expr: x > 5}]}]");
  harness.set_live({{1, seconds(120)}});
  harness.poll(1, {{metric("x", "a"), 9}});
  harness.step_clock(minutes(10));  // the sample is beyond the lookback now
  harness.advance(seconds(119));
  EXPECT_THAT(transitions(harness), ElementsAre("fired High"));
  harness.advance(seconds(1));
  harness.poll(1, {});
  EXPECT_THAT(transitions(harness), ElementsAre("fired High", "resolved High"));
}

TEST(ClockStep, ForwardEmptiesRangesAndResolvesNothingByIt) {
  RuleHarness harness;
  harness.load("groups: [{name: g, rules: [{alert: Errors, expr: 'increase(x[1m]) > 5'}]}]");
  harness.set_live({{1, seconds(5)}});
  double counter = 0;
  const auto poll = [&](int times, double step) {
    for (int i = 0; i < times; ++i) {
      harness.poll(1, {{metric("x", "a"), counter}});
      harness.advance(seconds(5));
      counter += step;
    }
  };
  poll(15, 1);
  ASSERT_THAT(transitions(harness), ElementsAre("fired Errors"));
  harness.step_clock(minutes(60));
  poll(20, 1);
  EXPECT_THAT(transitions(harness), ElementsAre("fired Errors"));
  poll(30, 0);
  EXPECT_THAT(transitions(harness), ElementsAre("fired Errors", "resolved Errors"));
}

TEST(ClockStep, ABackwardStepDoesNotStopTheEvaluation) {
  RuleHarness harness;
  harness.load(
      "groups: [{name: g, interval: 10s, rules: [{alert: A, expr: x > 5}]}, "
      "{name: h, rules: [{alert: B, expr: x > 5}]}]");
  harness.set_live({{1, seconds(5)}});
  harness.poll(1, {{metric("x", "a"), 1}});
  harness.advance(seconds(20));
  harness.step_clock(minutes(-60));
  const std::size_t before = harness.looks().size();
  const base::WallTime start = harness.now();
  harness.poll(1, {});
  harness.advance(seconds(30));
  ASSERT_GE(harness.looks().size(), before + 4);
  for (std::size_t i = before; i < harness.looks().size(); ++i) {
    EXPECT_GE(harness.looks()[i].time, start - seconds(10));
    EXPECT_LE(harness.looks()[i].time, start + seconds(30));
  }
}

}  // namespace
}  // namespace tocsin::rules
