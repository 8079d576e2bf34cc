#include "api/api.h"

#include <gtest/gtest.h>

#include "fakes.h"
#include "net/url.h"
#include "support/simulation.h"

namespace tocsin::api {
namespace {

using testing::Simulation;
using Parameters = std::vector<std::pair<std::string, std::string>>;

class ApiTest : public ::testing::Test {
 protected:
  net::ServerResponse send(const std::string& method, const std::string& path,
                           Parameters parameters = {}, bool loopback = true) {
    net::ServerRequest request;
    request.method = method;
    request.path = path;
    request.query = std::move(parameters);
    request.loopback = loopback;
    return simulation_.run(api_.handle(std::move(request)));
  }

  Simulation simulation_;
  FakeViews views_;
  FakeQueries queries_;
  FakeCommands commands_;
  Api api_{simulation_.executor(),
           simulation_.clock(),
           simulation_.timers(),
           views_,
           queries_,
           commands_,
           AuthOptions(),
           QueryOptions()};
};

TEST_F(ApiTest, AnswersEveryPath) {
  for (const std::string path :
       {"/-/healthy", "/health", "/-/ready", "/metrics", "/api/v1/rules", "/api/v1/alerts",
        "/api/v1/targets", "/api/v1/status/buildinfo", "/api/v1/metadata", "/api/v1/labels",
        "/api/v1/label/job/values", "/tocsin/v1/incidents"}) {
    EXPECT_EQ(send("GET", path).status, 200) << path;
    EXPECT_EQ(send("HEAD", path).status, 200) << path;
    EXPECT_EQ(send("DELETE", path).status, 405) << path;
  }
  EXPECT_EQ(send("POST", "/api/v1/query", {{"query", "1"}}).status, 200);
  EXPECT_EQ(send("GET", "/api/v1/query", {{"query", "1"}}).status, 200);
  EXPECT_EQ(send("POST", "/api/v1/query_range",
                 {{"query", "1"}, {"start", "0"}, {"end", "1"}, {"step", "1"}})
                .status,
            200);
  EXPECT_EQ(send("POST", "/api/v1/series", {{"match[]", "up"}}).status, 200);
}

TEST_F(ApiTest, LinksOfAlertsLeadToTheQuery) {
  const net::ServerResponse found =
      send("GET", "/graph", {{"g0.expr", "up == 0 and a{b=\"c+d\"}"}, {"g0.tab", "1"}});
  EXPECT_EQ(found.status, 302);
  EXPECT_EQ(found.headers.get("Location"),
            "api/v1/query?" + net::format_query({{"query", "up == 0 and a{b=\"c+d\"}"}}));
  EXPECT_EQ(send("GET", "/graph").status, 404);
  EXPECT_EQ(send("GET", "/graph", {{"g0.expr", "up"}}, false).status, 403);
}

TEST_F(ApiTest, AccessMayChange) {
  EXPECT_EQ(send("GET", "/api/v1/rules").status, 200);
  AuthOptions auth;
  auth.tokens.push_back({"a", base::Secret("b"), Role::kOperator});
  api_.set_access(std::move(auth), Cors());
  EXPECT_EQ(send("GET", "/api/v1/rules").status, 401);
  api_.set_access(AuthOptions(), Cors());
  EXPECT_EQ(send("GET", "/api/v1/rules").status, 200);
}

TEST_F(ApiTest, ExemplarsAreNoneButParametersAreChecked) {
  const auto ask = [this](Parameters parameters) {
    return send("GET", "/api/v1/query_exemplars", std::move(parameters)).body;
  };
  const auto error = [](const std::string& message) {
    return R"({"status":"error","errorType":"bad_data","error":")" + message + R"("})";
  };
  EXPECT_EQ(ask({{"query", "up"}, {"start", "0"}, {"end", "2"}}),
            R"({"status":"success","data":[]})");
  EXPECT_EQ(ask({}), error("1:1: parse error: no expression found in input"));
  EXPECT_EQ(ask({{"query", "up"}, {"start", "3"}, {"end", "2"}}),
            error("end timestamp must not be before start timestamp"));
  EXPECT_EQ(ask({{"query", "up"}, {"end", "x"}}),
            error(R"(invalid parameter \"end\": Invalid time value for 'end': )"
                  R"(cannot parse \"x\" to a valid timestamp)"));
}

TEST_F(ApiTest, TellsTheTreeOfAQuery) {
  const std::string tree = send("POST", "/api/v1/parse_query", {{"query", "-up"}}).body;
  EXPECT_TRUE(tree.starts_with(R"({"status":"success","data":{)")) << tree;
  EXPECT_NE(tree.find(R"("type":"unaryExpr")"), std::string::npos) << tree;
  EXPECT_NE(tree.find(R"("type":"vectorSelector")"), std::string::npos) << tree;
  EXPECT_EQ(send("GET", "/api/v1/parse_query", {{"query", "("}}).status, 400);
}

TEST_F(ApiTest, FormatsQueries) {
  EXPECT_EQ(send("POST", "/api/v1/format_query", {{"query", "sum(up)by(job)"}}).body,
            R"json({"status":"success","data":"sum by (job) (up)"})json");
  EXPECT_EQ(
      send("GET", "/api/v1/format_query", {{"query", "foo("}}).body,
      R"({"status":"error","errorType":"bad_data",)"
      R"("error":"invalid parameter \"query\": 1:5: parse error: unclosed left parenthesis"})");
}

TEST_F(ApiTest, SaysWhatDoesNotExistAndWhatIsNotPossible) {
  for (const std::string path : {"/", "/metrics/", "/tocsin/v1/incidents/"}) {
    const net::ServerResponse response = send("GET", path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_NE(response.body.find(R"("status":"error","errorType":"not_found")"), std::string::npos);
  }
  for (const std::string path :
       {"/api/v1/nope", "/api/v1/label//values", "/api/v1/label/a/b/values"}) {
    const net::ServerResponse response = send("POST", path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_EQ(response.body, "404 page not found\n");
    EXPECT_EQ(response.headers.get("Content-Type"), "text/plain; charset=utf-8");
  }
  const net::ServerResponse response = send("DELETE", "/api/v1/query");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.body, "Method Not Allowed\n");
  EXPECT_EQ(response.headers.get("Allow"), "GET, HEAD, OPTIONS, POST");
  EXPECT_EQ(send("GET", "/-/reload").headers.get("Allow"), "POST, PUT");
}

TEST_F(ApiTest, OffTheLoopbackOnlyTheOpenPathsAreServed) {
  EXPECT_EQ(send("GET", "/metrics", {}, false).status, 200);
  EXPECT_EQ(send("GET", "/-/ready", {}, false).status, 200);
  const net::ServerResponse response = send("GET", "/api/v1/alerts", {}, false);
  EXPECT_EQ(response.status, 403);
  EXPECT_NE(response.body.find("configure bearer tokens"), std::string::npos);
  EXPECT_EQ(send("GET", "/no/such/path", {}, false).status, 403);
}

TEST_F(ApiTest, AsksForCredentials) {
  AuthOptions auth;
  auth.tokens.push_back({"viewer", base::Secret("abc"), Role::kViewer});
  Api api(simulation_.executor(), simulation_.clock(), simulation_.timers(), views_, queries_,
          commands_, auth, {});
  net::ServerRequest request;
  request.method = "GET";
  request.path = "/api/v1/alerts";
  request.loopback = true;
  const net::ServerResponse refused = simulation_.run(api.handle(request));
  EXPECT_EQ(refused.status, 401);
  EXPECT_TRUE(refused.headers.get("WWW-Authenticate"));
  request.headers.set("Authorization", "Bearer abc");
  EXPECT_EQ(simulation_.run(api.handle(request)).status, 200);
  request.method = "POST";
  request.path = "/-/reload";
  EXPECT_EQ(simulation_.run(api.handle(request)).status, 403);
  EXPECT_EQ(commands_.reloads, 0);
}

TEST_F(ApiTest, ReadinessSaysWhy) {
  views_.now = {false, "the journal is replaying"};
  const net::ServerResponse response = send("GET", "/-/ready");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body, "the journal is replaying\n");
  EXPECT_EQ(send("GET", "/-/healthy").status, 200);
}

TEST_F(ApiTest, ReloadsAndSaysWhyNot) {
  EXPECT_EQ(send("POST", "/-/reload").status, 200);
  EXPECT_EQ(send("PUT", "/-/reload").status, 200);
  commands_.result = base::Error(base::ErrorCode::kInvalidInput, "tocsin.yml:3:1: unknown key");
  const net::ServerResponse response = send("POST", "/-/reload");
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body, "failed to reload config: tocsin.yml:3:1: unknown key\n");
  EXPECT_EQ(commands_.reloads, 3);
}

TEST_F(ApiTest, MetricsAreText) {
  const net::ServerResponse response = send("GET", "/metrics");
  EXPECT_EQ(response.headers.get("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(response.body, "tocsin_up 1\n");
}

TEST_F(ApiTest, RulesTakeFilters) {
  RuleGroupView group;
  group.name = "g";
  group.file = "f";
  group.rules.resize(2);
  group.rules[0].name = "r";
  group.rules[1].name = "A";
  group.rules[1].alerting = true;
  views_.groups = {group};
  EXPECT_NE(send("GET", "/api/v1/rules").body.find(R"("name":"r")"), std::string::npos);
  EXPECT_EQ(send("GET", "/api/v1/rules", {{"type", "alert"}}).body.find(R"("name":"r")"),
            std::string::npos);
  EXPECT_EQ(send("GET", "/api/v1/rules", {{"type", "record"}}).body.find(R"("name":"A")"),
            std::string::npos);
  EXPECT_EQ(send("GET", "/api/v1/rules", {{"rule_name[]", "x"}, {"rule_name[]", "y"}}).body,
            R"({"status":"success","data":{"groups":[]}})");
  EXPECT_EQ(send("GET", "/api/v1/rules", {{"rule_group[]", "x"}}).body,
            R"({"status":"success","data":{"groups":[]}})");
  views_.groups[0].rules[1].labels = {{"severity", "page"}};
  const std::string paging =
      send("GET", "/api/v1/rules", {{"match[]", "{severity=\"page\"}"}}).body;
  EXPECT_NE(paging.find(R"("name":"A")"), std::string::npos);
  EXPECT_EQ(paging.find(R"("name":"r")"), std::string::npos);
  EXPECT_EQ(send("GET", "/api/v1/rules", {{"match[]", "{severity=\"none\"}"}}).body,
            R"({"status":"success","data":{"groups":[]}})");
  EXPECT_EQ(send("GET", "/api/v1/rules", {{"match[]", "sum(up)"}}).status, 400);
  EXPECT_EQ(send("GET", "/api/v1/rules", {{"type", "x"}}).body,
            R"({"status":"error","errorType":"bad_data",)"
            R"("error":"invalid parameter \"type\": not supported value \"x\""})");
}

TEST_F(ApiTest, TargetsTakeAState) {
  TargetView dropped;
  dropped.dropped = true;
  views_.all_targets.resize(1);
  views_.all_targets.push_back(dropped);
  const auto has = [](const net::ServerResponse& response, const std::string& text) {
    return response.body.find(text) != std::string::npos;
  };
  EXPECT_TRUE(has(send("GET", "/api/v1/targets", {{"state", "dropped"}}), R"("activeTargets":[])"));
  EXPECT_TRUE(has(send("GET", "/api/v1/targets", {{"state", "active"}}), R"("droppedTargets":[])"));
  EXPECT_FALSE(has(send("GET", "/api/v1/targets"), R"(:[])"));
}

TEST_F(ApiTest, IncidentsTakeStatesAndALimit) {
  views_.details["INC-1"].incident.id = "INC-1";
  EXPECT_NE(send("GET", "/tocsin/v1/incidents", {{"state", "open,mitigated"}, {"limit", "5"}})
                .body.find("INC-1"),
            std::string::npos);
  EXPECT_EQ(views_.asked.states, (std::vector<std::string>{"open", "mitigated"}));
  EXPECT_EQ(views_.asked.limit, 5U);
  send("GET", "/tocsin/v1/incidents", {{"state", "Resolved"}});
  EXPECT_EQ(views_.asked.states, (std::vector<std::string>{"resolved"}));
  const net::ServerResponse unknown = send("GET", "/tocsin/v1/incidents", {{"state", "bogus"}});
  EXPECT_EQ(unknown.status, 400);
  EXPECT_NE(unknown.body.find("expected open, mitigated or resolved"), std::string::npos);
  send("GET", "/tocsin/v1/incidents", {{"limit", "1000000"}});
  EXPECT_EQ(views_.asked.limit, 1000U);
  for (const std::string limit : {"x", "0", "-1", "1.5", "NaN", ""}) {
    EXPECT_EQ(send("GET", "/tocsin/v1/incidents", {{"limit", limit}}).status, 400) << limit;
  }
  EXPECT_EQ(send("GET", "/tocsin/v1/incidents").body.find("warnings"), std::string::npos);
  views_.incident_warnings = {"only live incidents are listed: the journal does not answer"};
  EXPECT_NE(send("GET", "/tocsin/v1/incidents").body.find(R"("warnings":["only live incidents)"),
            std::string::npos);
  EXPECT_EQ(send("GET", "/tocsin/v1/incidents/INC-1").status, 200);
  EXPECT_EQ(send("GET", "/tocsin/v1/incidents/INC-2").status, 404);
}

TEST_F(ApiTest, BuildInfoIsWhatGrafanaReads) {
  EXPECT_EQ(send("GET", "/api/v1/status/buildinfo").body,
            R"({"status":"success","data":{"version":"0.1.0","revision":"abc","branch":"",)"
            R"("buildUser":"","buildDate":"20260101","goVersion":"gcc 12",)"
            R"("application":"tocsin"}})");
}

TEST_F(ApiTest, StatusPages) {
  views_.run.started = base::from_millis(1'767'225'600'000);
  views_.run.host = "here";
  views_.run.threads = 7;
  views_.run.retention = std::chrono::hours(2);
  const std::string runtime = send("GET", "/api/v1/status/runtimeinfo").body;
  EXPECT_NE(runtime.find(R"("startTime":"2026-01-01T00:00:00.000Z","CWD":"","hostname":"here")"),
            std::string::npos)
      << runtime;
  EXPECT_NE(runtime.find(R"("goroutineCount":7)"), std::string::npos);
  EXPECT_NE(runtime.find(R"("storageRetention":"2h")"), std::string::npos);
  EXPECT_EQ(send("GET", "/api/v1/status/config").body,
            R"({"status":"success","data":{"yaml":"a: \u003csecret\u003e\n"}})");
  EXPECT_EQ(send("GET", "/api/v1/status/flags").body,
            R"({"status":"success","data":{"query.timeout":"2m"}})");
  EXPECT_EQ(send("GET", "/api/v1/alertmanagers").body,
            R"({"status":"success","data":{"activeAlertmanagers":)"
            R"([{"url":"http://a:9093/api/v2/alerts"}],"droppedAlertmanagers":[]}})");
}

TEST_F(ApiTest, SeriesStatistics) {
  queries_.memory.add({{"__name__", "up"}, {"job", "a"}}, {{1000, 1}});
  queries_.memory.add({{"__name__", "up"}, {"job", "bc"}}, {{2000, 1}, {3000, 1}});
  EXPECT_EQ(send("GET", "/api/v1/status/tsdb", {{"limit", "1"}}).body,
            R"({"status":"success","data":{"headStats":{"numSeries":2,"numLabelPairs":3,)"
            R"("chunkCount":2,"minTime":1000,"maxTime":3000},)"
            R"("seriesCountByMetricName":[{"name":"up","value":2}],)"
            R"("labelValueCountByLabelName":[{"name":"job","value":2}],)"
            R"("memoryInBytesByLabelName":[{"name":"job","value":3}],)"
            R"("seriesCountByLabelValuePair":[{"name":"__name__=up","value":2}]}})");
  for (const std::string limit : {"0", "-1", "x"}) {
    EXPECT_EQ(
        send("GET", "/api/v1/status/tsdb", {{"limit", limit}}).body,
        R"({"status":"error","errorType":"bad_data","error":"limit must be a positive number"})");
  }
  queries_.refuses = base::Error(base::ErrorCode::kCancelled, "gone");
  EXPECT_EQ(send("GET", "/api/v1/status/tsdb").status, 499);
}

TEST_F(ApiTest, LiveAnswersAreNotKept) {
  EXPECT_EQ(send("GET", "/api/v1/alerts").headers.get("Cache-Control"), "no-store");
  EXPECT_EQ(send("GET", "/tocsin/v1/incidents").headers.get("Cache-Control"), "no-store");
  EXPECT_EQ(send("GET", "/api/v1/alerts").headers.get("X-Content-Type-Options"), "nosniff");
}

TEST_F(ApiTest, BrowsersMayAskWhatTheyMaySend) {
  EXPECT_EQ(send("OPTIONS", "/api/v1/query").status, 204);
  EXPECT_EQ(send("OPTIONS", "/api/v1/query", {}, false).status, 204);
  EXPECT_EQ(send("OPTIONS", "/-/reload").status, 405);
}

}  // namespace
}  // namespace tocsin::api
