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
    queries_.answer = [](base::WallTime time) { return scalar_of(time, 1); };
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

  Simulation simulation_;
  FakeQueries queries_{&simulation_};
  QueryApi api_{simulation_.executor(), simulation_.clock(), simulation_.timers(), queries_,
                QueryOptions{.max_concurrent = 2, .max_points = 100, .max_samples = 50}};
};

TEST_F(QueryApiTest, AnswersAtTheGivenTimeOrNow) {
  EXPECT_EQ(query({{"query", "1"}, {"time", "1435781451.781"}}).body,
            R"({"status":"success","data":{"resultType":"scalar","result":[1435781451.781,"1"]}})");
  EXPECT_EQ(query({{"query", "1"}}).body,
            R"({"status":"success","data":{"resultType":"scalar","result":[1767225600,"1"]}})");
}

TEST_F(QueryApiTest, RefusesBadParameters) {
  const std::vector<std::pair<Parameters, std::string>> cases = {
      {{{"query", "sum("}}, R"(invalid parameter \"query\": 1:5: parse error: no)"},
      {{}, R"(invalid parameter \"query\": 1:5: parse error: no)"},
      {{{"query", "1"}, {"time", "x"}},
       R"(invalid parameter \"time\": cannot parse \"x\" to a valid timestamp)"},
      {{{"query", "1"}, {"timeout", "x"}},
       R"(invalid parameter \"timeout\": cannot parse \"x\" to a valid duration)"},
  };
  for (const auto& [parameters, message] : cases) {
    const net::ServerResponse response = query(parameters);
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(response.body,
              R"({"status":"error","errorType":"bad_data","error":")" + message + R"("})");
  }
}

TEST_F(QueryApiTest, FailedEvaluationsAreUnprocessable) {
  queries_.answer = [](base::WallTime) -> base::Result<promql::Evaluation> {
    return base::Error(base::ErrorCode::kInvalidInput, "many-to-many");
  };
  EXPECT_EQ(query({{"query", "1"}}).status, 422);
  EXPECT_EQ(range({{"query", "1"}, {"start", "0"}, {"end", "1"}, {"step", "1"}}).status, 422);
}

TEST_F(QueryApiTest, WarningsGoAlong) {
  queries_.answer = [](base::WallTime time) {
    promql::Evaluation evaluation = scalar_of(time, 1);
    evaluation.warnings = {"careful"};
    return evaluation;
  };
  EXPECT_NE(query({{"query", "1"}}).body.find(R"("warnings":["careful"])"), std::string::npos);
  EXPECT_NE(range({{"query", "1"}, {"start", "0"}, {"end", "3"}, {"step", "1"}})
                .body.find(R"("warnings":["careful"])"),
            std::string::npos);
}

TEST_F(QueryApiTest, TimesOut) {
  queries_.takes = seconds(10);
  const net::ServerResponse response = query({{"query", "1"}, {"timeout", "5s"}});
  EXPECT_EQ(response.status, 503);
  EXPECT_NE(response.body.find(R"("errorType":"timeout")"), std::string::npos);
  EXPECT_EQ(query({{"query", "1"}, {"timeout", "0s"}}).status, 503);
  EXPECT_EQ(query({{"query", "1"}, {"timeout", "11s"}}).status, 200);
  EXPECT_EQ(api_.active(), 0U);
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
  EXPECT_EQ(api_.active(), 2U);
  simulation_.run_until_idle();
  EXPECT_EQ(statuses, (std::vector<int>{200, 200, 200, 200, 200}));
  EXPECT_EQ(queries_.most_running, 2U);
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
  EXPECT_EQ(api_.active(), 0U);
}

TEST_F(QueryApiTest, RangesCollectSteps) {
  queries_.answer = [](base::WallTime time) {
    promql::Evaluation evaluation;
    promql::Vector vector(1);
    vector[0].labels = {{"a", time < base::from_millis(2000) ? "1" : "2"}};
    vector[0].value = base::to_seconds(time);
    evaluation.value = vector;
    return evaluation;
  };
  EXPECT_EQ(range({{"query", "x"}, {"start", "0"}, {"end", "3"}, {"step", "1"}}).body,
            R"({"status":"success","data":{"resultType":"matrix","result":[)"
            R"({"metric":{"a":"1"},"values":[[0,"0"],[1,"1"]]},)"
            R"({"metric":{"a":"2"},"values":[[2,"2"],[3,"3"]]}]}})");
  EXPECT_EQ(range({{"query", "x"}, {"start", "1"}, {"end", "3"}, {"step", "1m"}}).body,
            R"({"status":"success","data":{"resultType":"matrix","result":[)"
            R"({"metric":{"a":"1"},"values":[[1,"1"]]}]}})");
}

TEST_F(QueryApiTest, RangesRefuseBadParameters) {
  const std::vector<std::pair<Parameters, std::string>> cases = {
      {{{"query", "1"}}, R"(invalid parameter \"start\")"},
      {{{"query", "1"}, {"start", "0"}}, R"(invalid parameter \"end\")"},
      {{{"query", "1"}, {"start", "3"}, {"end", "2"}, {"step", "1"}},
       R"(invalid parameter \"end\")"},
      {{{"query", "1"}, {"start", "1"}, {"end", "2"}, {"step", "0"}},
       R"(invalid parameter \"step\")"},
      {{{"query", "1"}, {"start", "1"}, {"end", "2"}, {"step", "x"}},
       R"(invalid parameter \"step\")"},
      {{{"query", "1"}, {"start", "1"}, {"end", "200"}, {"step", "1"}}, "100 points"},
      {{{"query", "sum("}, {"start", "1"}, {"end", "2"}, {"step", "1"}},
       R"(invalid parameter \"query\")"},
      {{{"query", "up[5m]"}, {"start", "1"}, {"end", "2"}, {"step", "1"}}, "instant vector"},
      {{{"query", "1"}, {"start", "1"}, {"end", "2"}, {"step", "1"}, {"timeout", "x"}},
       R"(invalid parameter \"timeout\")"},
  };
  for (const auto& [parameters, message] : cases) {
    const net::ServerResponse response = range(parameters);
    EXPECT_EQ(response.status, 400) << message;
    EXPECT_NE(response.body.find(message), std::string::npos) << response.body;
  }
}

TEST_F(QueryApiTest, RangesAreBoundedInSamplesAndTime) {
  EXPECT_EQ(range({{"query", "1"}, {"start", "0"}, {"end", "99"}, {"step", "1"}}).status, 422);
  queries_.takes = seconds(10);
  EXPECT_EQ(range({{"query", "1"}, {"start", "0"}, {"end", "40"}, {"step", "1"}}).status, 503);
}

TEST_F(QueryApiTest, SeriesLabelsAndValues) {
  queries_.all_series = {{{"__name__", "up"}, {"job", "b"}}, {{"__name__", "up"}, {"job", "a"}}};
  const auto series = [this](Parameters parameters) {
    return simulation_.run(api_.series(with(std::move(parameters))));
  };
  EXPECT_EQ(
      series({{"match[]", "up"}, {"match[]", "x"}}).body,
      R"({"status":"success","data":[{"__name__":"up","job":"a"},{"__name__":"up","job":"b"}]})");
  EXPECT_EQ(queries_.asked_selectors, (std::vector<std::string>{"up", "x"}));
  EXPECT_EQ(series({}).status, 400);
  EXPECT_EQ(series({{"match[]", "bad("}}).status, 400);
  EXPECT_EQ(series({{"match[]", "up"}, {"start", "x"}}).status, 400);
  EXPECT_EQ(series({{"match[]", "up"}, {"limit", "1"}}).body,
            R"({"status":"success","data":[{"__name__":"up","job":"a"}],)"
            R"("warnings":["results truncated due to limit"]})");
  EXPECT_EQ(simulation_.run(api_.labels(with({}))).body,
            R"({"status":"success","data":["__name__","job"]})");
  EXPECT_EQ(simulation_.run(api_.label_values(with({}), "job")).body,
            R"({"status":"success","data":["a","b"]})");
  EXPECT_EQ(simulation_.run(api_.label_values(with({}), "none")).body,
            R"({"status":"success","data":[]})");
  EXPECT_EQ(simulation_.run(api_.label_values(with({}), "")).status, 400);
  EXPECT_EQ(simulation_.run(api_.labels(with({{"match[]", "bad("}}))).status, 400);
  EXPECT_EQ(simulation_.run(api_.label_values(with({{"match[]", "bad("}}), "job")).status, 400);
}

}  // namespace
}  // namespace tocsin::api
