// Alerts as the engine makes them: labels, annotations, ALERTS, errors, reloads, views.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/rule_harness.h"

namespace tocsin::rules {
namespace {

using model::AlertState;
using model::AlertTransition;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::RuleHarness;

model::Labels metric(std::string_view name, std::string_view instance) {
  return {{"__name__", name}, {"instance", instance}, {"job", "api"}};
}

struct Engines : ::testing::Test {
  void start(const std::string& yaml) {
    harness.load(yaml);
    harness.set_live({{1, seconds(5)}});
  }
  void poll(double value) { harness.poll(1, {{metric("x", "a"), value}}); }
  std::size_t count(const std::string& expression) {
    const auto result = harness.query(expression, harness.now());
    EXPECT_TRUE(result.has_value());
    return result ? result->size() : 0;
  }
  const RuleView& rule(std::size_t index) {
    views = harness.engine().view(harness.now());
    return views[0].rules[index];
  }

  EngineOptions options = [] {
    EngineOptions with;
    with.external_labels = model::Labels{{"site", "seoul"}};
    with.external_url = "https://tocsin.example/base/";
    return with;
  }();
  RuleHarness harness{options};
  std::vector<GroupView> views;
};

TEST_F(Engines, LabelsAndAnnotationsAreTemplates) {
  start(R"yaml(
groups:
- name: g
  labels: {team: core, severity: warning}
  rules:
  - alert: High
    expr: x > 5
    labels: {severity: page, host: '{{ $labels.instance }}', job: ''}
    annotations:
      summary: '{{ $labels.instance }} is at {{ $value }} in {{ $externalLabels.site }}'
      peers: '{{ with query "count(x)" }}{{ . | first | value }}{{ end }}'
      url: '{{ externalURL }}{{ pathPrefix }}'
)yaml");
  harness.poll(1, {{metric("x", "a"), 7.5}, {metric("x", "b"), 1}});
  ASSERT_EQ(harness.events().size(), 1U);
  const model::Alert& alert = harness.events()[0].alert;
  EXPECT_EQ(alert.labels, (model::Labels{{"alertname", "High"},
                                         {"host", "a"},
                                         {"instance", "a"},
                                         {"severity", "page"},
                                         {"team", "core"}}));
  EXPECT_EQ(alert.annotations.get("summary"), "a is at 7.5 in seoul");
  EXPECT_EQ(alert.annotations.get("peers"), "2");
  EXPECT_EQ(alert.annotations.get("url"), "https://tocsin.example/base//base");
  EXPECT_EQ(alert.generator_url, "https://tocsin.example/base//graph?g0.expr=x+%3E+5&g0.tab=1");
  EXPECT_TRUE(alert.sample_arrival.has_value());
  EXPECT_EQ(harness.records()[0].subject, alert.fingerprint());
}

TEST_F(Engines, ATemplateThatFailsSaysSoAndTheAlertGoesOut) {
  start(R"(
groups:
- name: g
  rules:
  - {alert: High, expr: x > 5, annotations: {summary: '{{ query "x +" }}'}}
)");
  poll(9);
  ASSERT_EQ(harness.events().size(), 1U);
  EXPECT_THAT(std::string(harness.events()[0].alert.annotations.get("summary")),
              HasSubstr("<error expanding template: error executing template __alert_High"));
  EXPECT_EQ(harness.errors().size(), 1U);
  EXPECT_EQ(rule(0).health, RuleHealth::kOk);
}

TEST_F(Engines, EqualLabelsAfterTemplatingAreAnError) {
  start(R"(
groups:
- name: g
  rules:
  - {alert: High, expr: x > 5, labels: {instance: any}}
)");
  harness.poll(1, {{metric("x", "a"), 7}, {metric("x", "b"), 8}});
  EXPECT_THAT(harness.events(), IsEmpty());
  EXPECT_EQ(rule(0).health, RuleHealth::kError);
  EXPECT_THAT(rule(0).last_error, HasSubstr("same labelset after applying alert labels"));
  harness.advance(seconds(5));
  poll(7);
  EXPECT_EQ(rule(0).health, RuleHealth::kOk);
  EXPECT_THAT(harness.alerts(AlertState::kFiring),
              ElementsAre(R"(High{instance="any", job="api"})"));
}

TEST_F(Engines, AnEvaluationErrorChangesNothing) {
  start(R"(
groups:
- name: g
  rules:
  - {alert: High, expr: x > on(job) y}
)");
  harness.poll(1, {{metric("x", "a"), 7}, {metric("y", "a"), 1}});
  EXPECT_EQ(harness.events().size(), 1U);
  harness.advance(seconds(5));
  harness.poll(
      1,
      {{metric("x", "a"), 7}, {metric("x", "b"), 7}, {metric("y", "a"), 1}, {metric("y", "b"), 1}});
  EXPECT_EQ(rule(0).health, RuleHealth::kError);
  EXPECT_EQ(harness.events().size(), 1U);
  EXPECT_EQ(count("ALERTS"), 1U);
}

TEST_F(Engines, AlertsAreRecordedAndEnd) {
  start(R"(
groups:
- name: g
  rules:
  - {alert: High, expr: x > 5, for: 10s}
)");
  poll(7);
  EXPECT_EQ(count(R"(ALERTS{alertname="High", alertstate="pending", job="api"} == 1)"), 1U);
  const double since = base::to_seconds(harness.now());
  harness.advance(seconds(10));
  EXPECT_EQ(count(R"(ALERTS{alertstate="pending"})"), 0U);
  EXPECT_EQ(count(R"(ALERTS{alertstate="firing"})"), 1U);
  EXPECT_EQ((*harness.query("ALERTS_FOR_STATE", harness.now()))[0].value, since);
  poll(1);
  EXPECT_EQ(count("ALERTS"), 0U);
  EXPECT_EQ(count("ALERTS_FOR_STATE"), 0U);
}

TEST_F(Engines, BeyondTheLimitARuleFailsAndNothingResolves) {
  start(
      "groups: [{name: g, limit: 1, rules: [{alert: High, expr: x > 5}, "
      "{record: twice, expr: x * 2}]}]");
  poll(7);
  EXPECT_EQ(count("ALERTS"), 1U);
  harness.advance(seconds(5));
  harness.poll(1, {{metric("x", "a"), 7}, {metric("x", "b"), 8}});
  EXPECT_EQ(rule(0).last_error, "exceeded limit of 1 with 2 alerts");
  EXPECT_EQ(rule(1).last_error, "exceeded limit of 1 with 2 series");
  EXPECT_EQ(rule(0).health, RuleHealth::kError);
  EXPECT_EQ(harness.events().size(), 1U) << "the first fires, and no more is told";
  EXPECT_THAT(harness.alerts(AlertState::kFiring),
              ElementsAre("High{instance=\"a\", job=\"api\"}"));
  EXPECT_EQ(count("ALERTS"), 1U);
  harness.advance(seconds(5));
  harness.poll(1, {{metric("x", "a"), 1}, {metric("x", "b"), 8}});
  EXPECT_EQ(rule(0).health, RuleHealth::kOk);
  ASSERT_EQ(harness.events().size(), 3U);
  EXPECT_EQ(harness.events()[1].transition, AlertTransition::kResolved);
  EXPECT_EQ(harness.events()[2].transition, AlertTransition::kFired);
}

TEST_F(Engines, RecordingRulesSetLabelsAndRefuseDuplicates) {
  start(R"(
groups:
- name: g
  labels: {team: core}
  rules:
  - {record: good, expr: 'x * 2', labels: {job: '{{ plain }}'}}
  - {record: bad, expr: x, labels: {instance: ''}}
  - {record: scalar, expr: '1 + scalar(sum(x))'}
  - {record: text, expr: '"hello"'}
)");
  harness.poll(1, {{metric("x", "a"), 7}, {metric("x", "b"), 8}});
  EXPECT_EQ(count(R"(good{team="core", job="{{ plain }}"})"), 2U);
  EXPECT_THAT(rule(1).last_error, HasSubstr("same labelset after applying rule labels"));
  EXPECT_EQ((*harness.query("scalar", harness.now()))[0].value, 16);
  harness.advance(minutes(1));
  EXPECT_EQ(rule(3).last_error, "rule result is not a vector or scalar");
}

TEST_F(Engines, QueryOffsetLooksBackAndWritesThere) {
  start("groups: [{name: g, query_offset: 10s, rules: [{record: copy, expr: x}]}]");
  poll(1);
  harness.advance(seconds(10));
  poll(2);
  const base::WallTime time = harness.now();
  harness.evaluate_all(time);
  const auto copy = harness.query("timestamp(copy)", time);
  ASSERT_EQ(copy->size(), 1U);
  EXPECT_EQ((*copy)[0].value, base::to_seconds(time - seconds(10)));
  EXPECT_EQ((*harness.query("copy", time))[0].value, 1);
}

TEST_F(Engines, ChangedAnnotationsArePassedOnAtMostOncePerResendDelay) {
  start(R"(
groups:
- name: g
  rules:
  - {alert: High, expr: x > 5, annotations: {summary: 'at {{ $value }}'}}
)");
  for (int i = 0; i < 25; ++i) {
    poll(6 + i);
    harness.advance(seconds(5));
  }
  ASSERT_EQ(harness.events().size(), 3U) << "fired, updated after one and after two minutes";
  EXPECT_EQ(harness.events()[1].transition, AlertTransition::kUpdated);
  EXPECT_EQ(harness.events()[1].alert.annotations.get("summary"), "at 18");
  EXPECT_EQ(rule(0).alerts[0].alert.annotations.get("summary"), "at 30") << "views are current";
  EXPECT_EQ(harness.engine().firing(harness.now())[0].value, 30);
  poll(1);
  EXPECT_EQ(harness.events().back().alert.annotations.get("summary"), "at 30");
}

TEST_F(Engines, ResolvedAlertsAreListedForAWhile) {
  start("groups: [{name: g, rules: [{alert: High, expr: x > 5}]}]");
  poll(9);
  harness.advance(seconds(5));
  poll(1);
  ASSERT_EQ(harness.engine().firing(harness.now()).size(), 1U);
  EXPECT_TRUE(harness.engine().firing(harness.now())[0].resolved());
  EXPECT_EQ(harness.engine().firing(harness.now() + minutes(15)).size(), 1U);
  EXPECT_EQ(harness.engine().firing(harness.now() + minutes(15) + seconds(1)).size(), 0U);
  EXPECT_THAT(rule(0).alerts, IsEmpty());
}

TEST_F(Engines, AReloadKeepsAlertsOfUnchangedRules) {
  start(R"(
groups:
- name: g
  rules:
  - {alert: Kept, expr: x > 5, for: 10s}
  - {alert: Changed, expr: x > 5, labels: {severity: page}}
  - {alert: Removed, expr: x > 5}
)");
  poll(9);
  harness.load(R"(
groups:
- name: g
  rules:
  - {alert: Changed, expr: x > 5, labels: {severity: info}}
  - {alert: Kept, expr: x > 6, for: 10s}
)");
  harness.advance(seconds(10));
  std::vector<std::string> story;
  for (const auto& event : harness.events()) {
    story.push_back(std::string(event.alert.labels.get("alertname")) +
                    std::string(event.alert.labels.get("severity")) +
                    std::to_string(static_cast<int>(event.transition)));
  }
  EXPECT_THAT(story, ElementsAre("Kept0", "Changedpage1", "Removed1", "Changedpage3", "Removed3",
                                 "Changedinfo1", "Kept1"));
  EXPECT_EQ(count(R"(ALERTS{alertname="Removed"})"), 0U);
}

TEST_F(Engines, EqualRulesKeepTheirStateByOrder) {
  start(R"(
groups:
- name: g
  rules:
  - {alert: Twin, expr: x > 5}
  - {alert: Twin, expr: x > 8}
)");
  poll(7);
  EXPECT_EQ(rule(0).alerts.size(), 1U);
  EXPECT_EQ(rule(1).alerts.size(), 0U);
  harness.load("groups: [{name: g, rules: [{alert: Twin, expr: x > 5}]}]");
  EXPECT_EQ(rule(0).alerts.size(), 1U);
  EXPECT_EQ(harness.events().size(), 1U);
}

TEST_F(Engines, AQuarantinedGroupGoesOnAsItWas) {
  start(
      "groups: [{name: g, rules: [{alert: High, expr: x > 5}]}, "
      "{name: h, rules: [{alert: Low, expr: x < 2}]}]");
  poll(9);
  Engine& engine = harness.engine();
  const std::vector<QuarantinedGroup> broken{
      {.file = "test.yml",
       .name = "g",
       .errors = {base::Error(base::ErrorCode::kInvalidInput, "bad expr")}}};
  const Decision decision = engine.load({}, broken, harness.now(), harness.clock().monotonic_now());
  EXPECT_THAT(decision.records, IsEmpty());
  const auto views_now = engine.view(harness.now());
  ASSERT_EQ(views_now.size(), 1U);
  EXPECT_EQ(views_now[0].name, "g");
  EXPECT_THAT(views_now[0].quarantine, ElementsAre("bad expr"));
  ASSERT_EQ(views_now[0].rules.size(), 1U);
  EXPECT_EQ(views_now[0].rules[0].alerts.size(), 1U);
}

TEST_F(Engines, NanAndInfiniteValuesSurviveARestart) {
  start("groups: [{name: g, rules: [{alert: Odd, expr: x != 0}]}]");
  poll(std::nan(""));
  ASSERT_EQ(harness.events().size(), 1U);
  harness.restart();
  EXPECT_TRUE(std::isnan(harness.engine().firing(harness.now())[0].value));
}

TEST_F(Engines, LongestReachCountsTheOffset) {
  start(
      "groups: [{name: g, query_offset: 1m, rules: [{record: r, expr: 'rate(x[1h])'}, "
      "{record: s, expr: 'x offset 10m'}]}]");
  EXPECT_GE(harness.engine().longest_reach(), minutes(61));
  EXPECT_LE(harness.engine().longest_reach(), minutes(66));
}

}  // namespace
}  // namespace tocsin::rules
