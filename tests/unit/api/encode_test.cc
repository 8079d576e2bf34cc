#include "api/encode.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace tocsin::api {
namespace {

using base::from_millis;

TEST(EncodeValue, WritesEveryType) {
  promql::VectorElement element;
  element.labels = {{"__name__", "up"}, {"job", "a\"b"}};
  element.time_ms = 1435781451781;
  element.value = 1e30;
  EXPECT_EQ(
      encode_value(promql::Vector{element}),
      R"({"resultType":"vector","result":[{"metric":{"__name__":"up","job":"a\"b"},"value":[1435781451.781,"1e+30"]}]})");
  EXPECT_EQ(encode_value(promql::Vector{}), R"({"resultType":"vector","result":[]})");
  EXPECT_EQ(encode_value(promql::Scalar{1000, 1e30}),
            R"({"resultType":"scalar","result":[1,"1000000000000000000000000000000"]})");
  EXPECT_EQ(encode_value(promql::String{1500, "<a>"}),
            R"({"resultType":"string","result":[1.5,"\u003ca\u003e"]})");
  promql::MatrixSeries series;
  series.samples = {{1000, 1}, {2000, 0.5}};
  EXPECT_EQ(encode_value(promql::Matrix{series}),
            R"({"resultType":"matrix","result":[{"metric":{},"values":[[1,"1"],[2,"0.5"]]}]})");
}

model::HistogramPtr some_histogram() {
  model::Histogram histogram;
  histogram.count = 6;
  histogram.sum = 1.5;
  histogram.zero_threshold = 0.001;
  histogram.zero_count = 2;
  histogram.positive = {{0, 1}, {1, 0}, {2, 2}};
  histogram.negative = {{0, 1}};
  return std::make_shared<const model::Histogram>(histogram);
}

constexpr std::string_view kSomeHistogram =
    R"({"count":"6","sum":"1.5","buckets":[[1,"-1","-0.5","1"],[3,"-0.001","0.001","2"],)"
    R"([0,"0.5","1","1"],[0,"2","4","2"]]})";

TEST(EncodeValue, WritesHistogramsBesideValues) {
  promql::VectorElement element;
  element.time_ms = 1000;
  element.histogram = some_histogram();
  EXPECT_EQ(encode_value(promql::Vector{element}),
            R"({"resultType":"vector","result":[{"metric":{},"histogram":[1,)" +
                std::string(kSomeHistogram) + "]}]}");
  promql::MatrixSeries series;
  series.samples = {{1000, 1}};
  series.histograms = {{2500, some_histogram(), 0}};
  EXPECT_EQ(encode_value(promql::Matrix{series}),
            R"({"resultType":"matrix","result":[{"metric":{},"values":[[1,"1"]],)"
            R"("histograms":[[2.500,)" +
                std::string(kSomeHistogram) + "]]}]}");
}

TEST(EncodeValue, CustomBucketsBeginClosedAndEmptyHistogramsHaveNone) {
  auto histogram = std::make_shared<model::Histogram>();
  histogram->schema = model::Histogram::kCustomSchema;
  histogram->bounds = {5};
  histogram->positive = {{0, 1}, {1, 2}};
  promql::VectorElement element;
  element.histogram = histogram;
  EXPECT_NE(encode_value(promql::Vector{element})
                .find(R"("buckets":[[3,"-Inf","5","1"],[0,"5","+Inf","2"]])"),
            std::string::npos);
  histogram->positive.clear();
  EXPECT_NE(encode_value(promql::Vector{element}).find(R"([0,{"count":"0","sum":"0"}])"),
            std::string::npos);
}

TEST(Success, CarriesWarningsAndInfosOnlyWhenThereAreSome) {
  EXPECT_EQ(success("[]").body, R"({"status":"success","data":[]})");
  EXPECT_EQ(success("[]", {"w"}, {"i", "j"}).body,
            R"({"status":"success","data":[],"warnings":["w"],"infos":["i","j"]})");
}

TEST(FailedQuery, MapsCodesToStatusAndType) {
  using base::ErrorCode;
  struct Case {
    ErrorCode code;
    int status;
    std::string type;
  };
  const std::vector<Case> cases = {
      {ErrorCode::kInvalidInput, 422, "execution"},  {ErrorCode::kLimitExceeded, 422, "execution"},
      {ErrorCode::kTimeout, 503, "timeout"},         {ErrorCode::kCancelled, 499, "canceled"},
      {ErrorCode::kUnavailable, 503, "unavailable"}, {ErrorCode::kInternal, 500, "internal"},
  };
  for (const Case& test : cases) {
    const net::ServerResponse response = failed_query(base::Error(test.code, "why"));
    EXPECT_EQ(response.status, test.status);
    EXPECT_EQ(response.body,
              R"({"status":"error","errorType":")" + test.type + R"(","error":"why"})");
  }
  EXPECT_EQ(
      bad_parameter("time", base::Error(ErrorCode::kInvalidInput, "no")).body,
      R"({"status":"error","errorType":"bad_data","error":"invalid parameter \"time\": no"})");
}

std::vector<RuleGroupView> some_groups() {
  RuleView recording;
  recording.name = "a:b";
  recording.query = "sum(up)";
  recording.labels = {{"x", "y"}};
  recording.health = "ok";
  recording.evaluation_seconds = 0.25;
  recording.late_evaluations = 3;
  recording.missed_evaluations = 4;
  recording.spacing_seconds = 2.5;
  recording.incremental = true;
  recording.last_evaluation = from_millis(1'767'225'600'000);
  RuleView alerting;
  alerting.alerting = true;
  alerting.name = "A";
  alerting.query = "up == 0";
  alerting.for_duration = std::chrono::minutes(1);
  alerting.health = "err";
  alerting.last_error = "no";
  AlertView alert;
  alert.labels = {{"alertname", "A"}};
  alert.state = "firing";
  alert.active_at = from_millis(1'767'225'600'500);
  alerting.alerts.push_back(alert);
  RuleGroupView group;
  group.name = "g";
  group.missed_iterations = 5;
  group.file = "r.yml";
  group.interval = std::chrono::seconds(15);
  group.rules = {recording, alerting};
  RuleGroupView other;
  other.name = "h";
  other.file = "s.yml";
  return {group, other};
}

TEST(EncodeRules, WritesWhatPrometheusWrites) {
  std::vector<RuleGroupView> groups = some_groups();
  groups.pop_back();
  EXPECT_EQ(
      encode_rules(groups, {}),
      R"({"groups":[{"name":"g","file":"r.yml","rules":[)"
      R"J({"name":"a:b","query":"sum(up)","labels":{"x":"y"},"health":"ok","evaluationTime":0.25,)J"
      R"("lateEvaluations":3,"missedEvaluations":4,"spacing":2.5,"evaluationKind":"incremental",)"
      R"("lastEvaluation":"2026-01-01T00:00:00.000Z","type":"recording"},)"
      R"({"state":"firing","name":"A","query":"up == 0","duration":60,"keepFiringFor":0,)"
      R"("labels":{},"annotations":{},"alerts":[{"labels":{"alertname":"A"},"annotations":{},)"
      R"("state":"firing","activeAt":"2026-01-01T00:00:00.500Z","value":"0e+00"}],"health":"err",)"
      R"("lastError":"no","evaluationTime":0,"lateEvaluations":0,"missedEvaluations":0,)"
      R"("spacing":0,"evaluationKind":"full","lastEvaluation":"0001-01-01T00:00:00Z",)"
      R"("type":"alerting"}],"interval":15,"limit":0,"evaluationTime":0,"missedIterations":5,)"
      R"("lastEvaluation":"0001-01-01T00:00:00Z"}]})");
}

/// "group: rule rule; group: …" of an answer.
std::string names_in(const std::string& json) {
  std::string names;
  const boost::json::value document = boost::json::parse(json);
  for (const auto& group : document.at("groups").as_array()) {
    names += std::string(group.at("name").as_string()) + ":";
    for (const auto& rule : group.at("rules").as_array()) {
      names += " " + std::string(rule.at("name").as_string());
    }
    names += "; ";
  }
  return names;
}

TEST(EncodeRules, Filters) {
  const std::vector<RuleGroupView> groups = some_groups();
  EXPECT_EQ(names_in(encode_rules(groups, {})), "g: a:b A; h:; ");
  RuleFilter filter;
  filter.recording = false;
  EXPECT_EQ(names_in(encode_rules(groups, filter)), "g: A; h:; ");
  filter = {};
  filter.names = {"a:b", "none"};
  EXPECT_EQ(names_in(encode_rules(groups, filter)), "g: a:b; ");
  filter = {};
  filter.groups = {"h"};
  EXPECT_EQ(names_in(encode_rules(groups, filter)), "h:; ");
  filter = {};
  filter.files = {"r.yml"};
  EXPECT_EQ(names_in(encode_rules(groups, filter)), "g: a:b A; ");
  filter = {};
  filter.exclude_alerts = true;
  EXPECT_NE(encode_rules(groups, filter).find(R"("alerts":[])"), std::string::npos);
}

TEST(EncodeAlerts, ListsThoseOfAllRules) {
  EXPECT_EQ(encode_alerts(some_groups()),
            R"({"alerts":[{"labels":{"alertname":"A"},"annotations":{},"state":"firing",)"
            R"("activeAt":"2026-01-01T00:00:00.500Z","value":"0e+00"}]})");
  EXPECT_EQ(encode_alerts({}), R"({"alerts":[]})");
}

TEST(EncodeTargets, SplitsActiveAndDropped) {
  TargetView target;
  target.discovered_labels = {{"__address__", "a:1"}};
  target.labels = {{"instance", "a:1"}, {"job", "j"}};
  target.pool = "j";
  target.url = "http://a:1/metrics";
  target.health = "down";
  target.last_error = "connection refused";
  target.last_scrape = from_millis(1'767'225'600'000);
  target.last_scrape_seconds = 0.5;
  target.interval = std::chrono::seconds(90);
  target.timeout = std::chrono::seconds(10);
  TargetView dropped;
  dropped.discovered_labels = {{"__address__", "b:1"}};
  dropped.dropped = true;
  const std::string active =
      R"({"discoveredLabels":{"__address__":"a:1"},"labels":{"instance":"a:1","job":"j"},)"
      R"("scrapePool":"j","scrapeUrl":"http://a:1/metrics","globalUrl":"http://a:1/metrics",)"
      R"("lastError":"connection refused","lastScrape":"2026-01-01T00:00:00.000Z",)"
      R"("lastScrapeDuration":0.5,"health":"down","scrapeInterval":"1m30s","scrapeTimeout":"10s"})";
  const std::string gone = R"({"discoveredLabels":{"__address__":"b:1"}})";
  const std::vector<TargetView> targets = {target, dropped};
  EXPECT_EQ(encode_targets(targets, true, true, ""),
            R"({"activeTargets":[)" + active + R"(],"droppedTargets":[)" + gone + "]}");
  EXPECT_EQ(encode_targets(targets, true, false, "j"),
            R"({"activeTargets":[)" + active + R"(],"droppedTargets":[]})");
  EXPECT_EQ(encode_targets(targets, true, false, "k"),
            R"({"activeTargets":[],"droppedTargets":[]})");
}

TEST(EncodeIncident, HasFactsAlertsAndTimeline) {
  IncidentDetail detail;
  detail.incident.id = "INC-1";
  detail.incident.title = "t";
  detail.incident.state = "open";
  detail.incident.grade = 2;
  detail.incident.detected_at = from_millis(1'767'225'600'000);
  detail.incident.firing_alerts = 1;
  detail.incident.total_alerts = 2;
  detail.facts = {{"cause", "", model::FactStatus::kUnknown, "rule", from_millis(0)},
                  {"eta", "10m", model::FactStatus::kConfirmed, "user:a", from_millis(0)},
                  {"scope", "x", model::FactStatus::kSuspected, "rule", from_millis(0)}};
  detail.timeline = {{7, from_millis(0), "incident.opened", "rule", "opened"}};
  const auto json = boost::json::parse(encode_incident(detail));
  EXPECT_EQ(json.at("id").as_string(), "INC-1");
  EXPECT_EQ(json.at("grade").as_int64(), 2);
  EXPECT_TRUE(json.at("provisional").as_bool());
  EXPECT_TRUE(json.at("resolvedAt").is_null());
  EXPECT_EQ(json.at("facts").at(0).at("status").as_string(), "unknown");
  EXPECT_EQ(json.at("facts").at(1).at("status").as_string(), "confirmed");
  EXPECT_EQ(json.at("facts").at(2).at("status").as_string(), "suspected");
  EXPECT_EQ(json.at("timeline").at(0).at("sequence").as_int64(), 7);
  const auto list = boost::json::parse(encode_incidents({detail.incident}));
  EXPECT_EQ(list.at("incidents").at(0).at("totalAlerts").as_int64(), 2);
}

}  // namespace
}  // namespace tocsin::api
