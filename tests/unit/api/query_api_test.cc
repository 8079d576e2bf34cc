#include "api/query_api.h"

#include <gtest/gtest.h>

#include "async/task_group.h"
#include "fakes.h"
#include "support/simulation.h"

namespace tocsin::api {
namespace {

using std::chrono::seconds;
using testing::Simulation;
using Parameters = std::vector<std::pair<std::string, std::string>>;

class QueryApiTest : public ::testing::Test {
 protected:
  QueryApiTest() {
    queries_.memory.add({{"__name__", "up"}, {"job", "a"}}, {{1000, 1}, {2000, 0.1}});
    queries_.memory.add({{"__name__", "up"}, {"job", "b"}}, {{1000, 1e21}, {2000, 1e-7}});
  }
  static net::ServerRequest with(Parameters parameters) {
    net::ServerRequest request;
    request.query = std::move(parameters);
    return request;
  }
  net::ServerResponse query(Parameters parameters) {
    return simulation_.run(api_.query(with(std::move(parameters))));
  }
  net::ServerResponse range(Parameters parameters) {
    return simulation_.run(api_.query_range(with(std::move(parameters))));
  }
  static std::string error(const std::string& type, const std::string& message) {
    return R"({"status":"error","errorType":")" + type + R"(","error":")" + message + R"("})";
  }

  Simulation simulation_;
  FakeQueries queries_{&simulation_};
  QueryApi api_{simulation_.executor(), simulation_.clock(), simulation_.timers(), queries_,
                QueryOptions{.max_concurrent = 2,
                             .max_points = 1100,
                             .max_samples = 50,
                             .max_length = 60,
                             .max_depth = 4}};
};

TEST_F(QueryApiTest, AnswersAtTheGivenTimeOrNow) {
  EXPECT_EQ(query({{"query", "1"}, {"time", "1435781451.78"}}).body,
            R"({"status":"success","data":{"resultType":"scalar","result":[1435781451.78,"1"]}})");
  EXPECT_EQ(query({{"query", "1"}}).body,
            R"({"status":"success","data":{"resultType":"scalar","result":[1767225600,"1"]}})");
}

TEST_F(QueryApiTest, WritesSamplesAsPrometheusDoes) {
  EXPECT_EQ(query({{"query", "up"}, {"time", "1.5"}}).body,
            R"({"status":"success","data":{"resultType":"vector","result":[)"
            R"({"metric":{"__name__":"up","job":"a"},"value":[1.500,"1"]},)"
            R"({"metric":{"__name__":"up","job":"b"},"value":[1.500,"1e+21"]}]}})");
  EXPECT_EQ(range({{"query", "up{job=\"b\"}"}, {"start", "1"}, {"end", "2"}, {"step", "1"}}).body,
            R"({"status":"success","data":{"resultType":"matrix","result":[)"
            R"({"metric":{"__name__":"up","job":"b"},"values":[[1,"1e+21"],[2,"1e-07"]]}]}})");
}

TEST_F(QueryApiTest, RefusesBadParameters) {
  const std::vector<std::pair<Parameters, std::string>> cases = {
      {{}, R"(invalid parameter \"query\": 1:1: parse error: no expression found in input)"},
      {{{"query", "1"}, {"time", "x"}},
       R"(invalid parameter \"time\": Invalid time value for 'time': )"
       R"(cannot parse \"x\" to a valid timestamp)"},
      {{{"query", "1"}, {"timeout", "x"}},
       R"(invalid parameter \"timeout\": cannot parse \"x\" to a valid duration)"},
      {{{"query", "1"}, {"lookback_delta", "x"}},
       R"(error parsing lookback delta duration: cannot parse \"x\" to a valid duration)"},
      {{{"query", "1"}, {"limit", "x"}},
       R"(invalid parameter \"limit\": strconv.Atoi: parsing \"x\": invalid syntax)"},
      {{{"query", "1"}, {"limit", "-1"}},
       R"(invalid parameter \"limit\": limit must be non-negative)"},
      {{{"query", std::string(61, '1')}},
       R"(invalid parameter \"query\": the expression is longer than 60 bytes)"},
      {{{"query", "1+1+1+1+1"}},
       R"(invalid parameter \"query\": the expression has more than 4 levels)"},
  };
  for (const auto& [parameters, message] : cases) {
    const net::ServerResponse response = query(parameters);
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(response.body, error("bad_data", message));
  }
}

TEST_F(QueryApiTest, FailedEvaluationsAreUnprocessable) {
  const net::ServerResponse response = query({{"query", "up * on() up"}, {"time", "2"}});
  EXPECT_EQ(response.status, 422);
  EXPECT_NE(response.body.find(R"("errorType":"execution","error":"found duplicate series)"),
            std::string::npos)
      << response.body;
  EXPECT_EQ(queries_.reports.back().outcome, "execution");
}

TEST_F(QueryApiTest, LimitsCutTheAnswerAndSaySo) {
  EXPECT_EQ(query({{"query", "up"}, {"time", "1"}, {"limit", "1"}}).body,
            R"({"status":"success","data":{"resultType":"vector","result":[)"
            R"({"metric":{"__name__":"up","job":"a"},"value":[1,"1"]}]},)"
            R"("warnings":["results truncated due to limit"]})");
  const std::string body =
      range({{"query", "up"}, {"start", "1"}, {"end", "2"}, {"step", "1"}, {"limit", "1"}}).body;
  EXPECT_EQ(body.find(R"("job":"b")"), std::string::npos) << body;
  EXPECT_NE(body.find("results truncated due to limit"), std::string::npos);
  EXPECT_EQ(query({{"query", "up"}, {"time", "1"}, {"limit", "2"}}).body.find("warnings"),
            std::string::npos);
}

TEST_F(QueryApiTest, LookbackMayBeGiven) {
  EXPECT_NE(query({{"query", "up"}, {"time", "200"}}).body.find(R"("job":"a")"), std::string::npos);
  EXPECT_EQ(query({{"query", "up"}, {"time", "200"}, {"lookback_delta", "1m"}}).body,
            R"({"status":"success","data":{"resultType":"vector","result":[]}})");
  // Not positive: the server's own, as in Prometheus.
  EXPECT_NE(
      query({{"query", "up"}, {"time", "200"}, {"lookback_delta", "-1"}}).body.find(R"("job":"a")"),
      std::string::npos);
}

TEST_F(QueryApiTest, StatsTellWhatItCost) {
  const std::string sums = query({{"query", "up"}, {"time", "1"}, {"stats", "true"}}).body;
  EXPECT_NE(sums.find(R"("stats":{"timings":{"evalTotalTime":)"), std::string::npos) << sums;
  EXPECT_NE(sums.find(R"("samples":{"totalQueryableSamples":2,"peakSamples":)"), std::string::npos)
      << sums;
  const std::string all =
      range({{"query", "up"}, {"start", "1"}, {"end", "2"}, {"step", "1"}, {"stats", "all"}}).body;
  EXPECT_NE(all.find(R"("totalQueryableSamplesPerStep":[[1,2],[2,2]],"totalQueryableSamples":4)"),
            std::string::npos)
      << all;
  EXPECT_EQ(query({{"query", "up"}, {"stats", ""}}).body.find("stats"), std::string::npos);
}

TEST_F(QueryApiTest, TimesOut) {
  queries_.takes = seconds(10);
  EXPECT_EQ(query({{"query", "1"}, {"timeout", "5s"}}).body,
            error("timeout", "query timed out in expression evaluation"));
  EXPECT_EQ(query({{"query", "1"}, {"timeout", "0"}}).body,
            error("timeout", "query timed out in query queue"));
  EXPECT_EQ(query({{"query", "1"}, {"timeout", "-1"}}).status, 503);
  EXPECT_EQ(query({{"query", "1"}, {"timeout", "11s"}}).status, 200);
  EXPECT_EQ(api_.gate().active(), 0U);
}

TEST_F(QueryApiTest, TheServersTimeoutIsTheLongest) {
  queries_.takes = seconds(300);
  EXPECT_EQ(query({{"query", "1"}, {"timeout", "1h"}}).status, 503);
}

async::Task<> ask(QueryApi& api, net::ServerRequest request, std::vector<int>& statuses) {
  const net::ServerResponse response = co_await api.query(std::move(request));
  statuses.push_back(response.status);
}

TEST_F(QueryApiTest, RunsOnlySoManyAtOnce) {
  queries_.takes = seconds(10);
  std::vector<int> statuses;
  for (int i = 0; i < 5; ++i) {
    simulation_.spawn(ask(api_, with({{"query", "1"}}), statuses));
  }
  simulation_.settle();
  EXPECT_EQ(api_.gate().active(), 2U);
  EXPECT_EQ(api_.gate().waiting(), 3U);
  simulation_.run_until_idle();
  EXPECT_EQ(statuses, (std::vector<int>{200, 200, 200, 200, 200}));
  EXPECT_EQ(queries_.most_running, 2U);
  EXPECT_EQ(queries_.reports.size(), 5U);
  EXPECT_EQ(queries_.reports.back().queue_seconds, 30);
}

TEST_F(QueryApiTest, NewLimitsHoldForWhoWaitsAndWhoComes) {
  queries_.takes = seconds(10);
  std::vector<int> statuses;
  for (int i = 0; i < 4; ++i) {
    simulation_.spawn(ask(api_, with({{"query", "1"}}), statuses));
  }
  simulation_.settle();
  api_.set_options({.max_concurrent = 3, .max_samples = 1, .max_length = 3});
  simulation_.settle();
  EXPECT_EQ(api_.gate().active(), 3U);
  EXPECT_EQ(api_.gate().waiting(), 1U);
  simulation_.run_until_idle();
  EXPECT_EQ(statuses, (std::vector<int>{200, 200, 200, 200}));
  EXPECT_EQ(query({{"query", "1+11"}}).status, 400);
  EXPECT_EQ(query({{"query", "up"}, {"time", "2"}}).status, 422);
}

TEST_F(QueryApiTest, WhoWaitsTooLongIsToldSo) {
  queries_.takes = seconds(10);
  std::vector<int> statuses;
  simulation_.spawn(ask(api_, with({{"query", "1"}}), statuses));
  simulation_.spawn(ask(api_, with({{"query", "1"}}), statuses));
  simulation_.settle();
  EXPECT_EQ(query({{"query", "1"}, {"timeout", "5s"}}).body,
            error("timeout", "query timed out in query queue"));
  EXPECT_EQ(queries_.reports.back().outcome, "timeout");
  // Those that run hold places of the gate, which has to outlive them.
  simulation_.run_until_idle();
  EXPECT_EQ(statuses, (std::vector<int>{200, 200}));
}

TEST_F(QueryApiTest, CancellationIsClientClosedRequest) {
  queries_.takes = seconds(10);
  std::vector<int> statuses;
  async::TaskGroup group(simulation_.executor(), {});
  group.spawn("ask", ask(api_, with({{"query", "1"}}), statuses));
  simulation_.settle();
  group.cancel();
  simulation_.settle();
  EXPECT_EQ(statuses, (std::vector<int>{499}));
  EXPECT_EQ(api_.gate().active(), 0U);
  EXPECT_EQ(queries_.reports.back().outcome, "canceled");
}

TEST_F(QueryApiTest, StopCancelsThoseThatRunAndThoseThatWait) {
  queries_.takes = seconds(10);
  std::vector<int> statuses;
  for (int i = 0; i < 3; ++i) {
    simulation_.spawn(ask(api_, with({{"query", "up"}}), statuses));
  }
  simulation_.settle();
  api_.stop();
  simulation_.run_until_idle();
  EXPECT_EQ(statuses, (std::vector<int>{499, 499, 499}));
  EXPECT_EQ(query({{"query", "1"}}).status, 499);
}

TEST_F(QueryApiTest, WorkThatCannotBeHandedOverIsUnavailable) {
  queries_.refuses = base::Error(base::ErrorCode::kInternal, "query: std::bad_alloc");
  EXPECT_EQ(query({{"query", "1"}}).body, error("internal", "query: std::bad_alloc"));
  EXPECT_EQ(queries_.reports.back().outcome, "internal");
}

TEST_F(QueryApiTest, RangesRefuseBadParameters) {
  const std::vector<std::pair<Parameters, std::string>> cases = {
      {{{"query", "1"}}, R"(invalid parameter \"start\": cannot parse \"\" to a valid timestamp)"},
      {{{"query", "1"}, {"start", "0"}},
       R"(invalid parameter \"end\": cannot parse \"\" to a valid timestamp)"},
      {{{"query", "1"}, {"start", "3"}, {"end", "2"}, {"step", "1"}},
       R"(invalid parameter \"end\": end timestamp must not be before start time)"},
      {{{"query", "1"}, {"start", "1"}, {"end", "2"}, {"step", "0"}},
       R"(invalid parameter \"step\": zero or negative query resolution step widths are )"
       R"(not accepted. Try a positive integer)"},
      {{{"query", "1"}, {"start", "1"}, {"end", "2"}, {"step", "x"}},
       R"(invalid parameter \"step\": cannot parse \"x\" to a valid duration)"},
      {{{"query", "1"}, {"start", "0"}, {"end", "1101"}, {"step", "1"}},
       R"(exceeded maximum resolution of 1,100 points per timeseries. )"
       R"(Try decreasing the query resolution (?step=XX))"},
      {{{"query", "sum("}, {"start", "1"}, {"end", "2"}, {"step", "1"}},
       R"(invalid parameter \"query\": 1:5: parse error: unclosed left parenthesis)"},
      {{{"query", "up[5m]"}, {"start", "1"}, {"end", "2"}, {"step", "1"}},
       R"(invalid parameter \"query\": invalid expression type \"range vector\" for range )"
       R"(query, must be Scalar or instant Vector)"},
      {{{"query", "1"}, {"start", "1"}, {"end", "2"}, {"step", "1"}, {"timeout", "x"}},
       R"(invalid parameter \"timeout\": cannot parse \"x\" to a valid duration)"},
  };
  for (const auto& [parameters, message] : cases) {
    const net::ServerResponse response = range(parameters);
    EXPECT_EQ(response.status, 400) << message;
    EXPECT_EQ(response.body, error("bad_data", message));
  }
}

TEST_F(QueryApiTest, RangesAreBoundedInSamples) {
  const net::ServerResponse response =
      range({{"query", "1"}, {"start", "0"}, {"end", "99"}, {"step", "1"}});
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(response.body,
            error("execution",
                  "query processing would load too many samples into memory in query execution"));
}

TEST_F(QueryApiTest, LargeAnswersAreCompressedOffTheLoop) {
  net::ServerRequest request =
      with({{"query", "label_replace(vector(1), \"a\", \"$0\", \"\", \"\") or up"}});
  for (int i = 0; i < 20; ++i) {
    queries_.memory.add({{"__name__", "up"}, {"job", "much the same " + std::to_string(i)}},
                        {{1000, 1}});
  }
  request = with({{"query", "up"}, {"time", "1"}});
  request.headers.set("Accept-Encoding", "gzip");
  const net::ServerResponse response = simulation_.run(api_.query(request));
  EXPECT_EQ(response.headers.get("Content-Encoding"), "gzip");
  request.headers.set("Accept-Encoding", "gzip;q=0");
  EXPECT_FALSE(simulation_.run(api_.query(request)).headers.get("Content-Encoding"));
}

}  // namespace
}  // namespace tocsin::api
