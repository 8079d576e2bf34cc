#include "api/select_api.h"

#include <gtest/gtest.h>

#include "fakes.h"
#include "support/simulation.h"

namespace tocsin::api {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

class SelectApiTest : public ::testing::Test {
 protected:
  SelectApiTest() {
    queries_.memory.add({{"__name__", "up"}, {"job", "b"}}, {{1000, 1}});
    queries_.memory.add({{"__name__", "up"}, {"job", "a"}, {"a.b", "x"}}, {{5000, 1}});
  }
  static net::ServerRequest with(Parameters parameters) {
    net::ServerRequest request;
    request.query = std::move(parameters);
    return request;
  }
  net::ServerResponse series(Parameters parameters) {
    return simulation_.run(api_.series(with(std::move(parameters))));
  }
  net::ServerResponse labels(Parameters parameters) {
    return simulation_.run(api_.labels(with(std::move(parameters))));
  }
  net::ServerResponse values(const std::string& name, Parameters parameters = {}) {
    return simulation_.run(api_.label_values(with(std::move(parameters)), name));
  }
  static std::string data(const std::string& json) {
    return R"({"status":"success","data":)" + json + "}";
  }

  testing::Simulation simulation_;
  FakeQueries queries_{&simulation_};
  SelectApi api_{queries_};
};

TEST_F(SelectApiTest, SeriesComeSortedAndOnce) {
  const std::string both = R"([{"__name__":"up","a.b":"x","job":"a"},{"__name__":"up","job":"b"}])";
  EXPECT_EQ(series({{"match[]", "up"}}).body, data(both));
  EXPECT_EQ(series({{"match[]", "up"}, {"match[]", "{job=\"b\"}"}}).body, data(both));
  EXPECT_EQ(series({{"match[]", "nope"}}).body, data("[]"));
}

TEST_F(SelectApiTest, TimesNarrow) {
  EXPECT_EQ(series({{"match[]", "up"}, {"start", "0"}, {"end", "2"}}).body,
            data(R"([{"__name__":"up","job":"b"}])"));
  EXPECT_EQ(series({{"match[]", "up"}, {"start", "3"}}).body,
            data(R"([{"__name__":"up","a.b":"x","job":"a"}])"));
  EXPECT_EQ(series({{"match[]", "up"}, {"start", "9"}, {"end", "2"}}).body, data("[]"));
  EXPECT_EQ(labels({{"end", "2"}}).body, data(R"(["__name__","job"])"));
  EXPECT_EQ(values("job", {{"end", "2"}}).body, data(R"(["b"])"));
}

TEST_F(SelectApiTest, BadParametersAreRefused) {
  const auto error = [](const std::string& message) {
    return R"({"status":"error","errorType":"bad_data","error":")" + message + R"("})";
  };
  const std::string time = R"(invalid parameter \"start\": Invalid time value for 'start': )"
                           R"(cannot parse \"x\" to a valid timestamp)";
  EXPECT_EQ(series({}).body, error("no match[] parameter provided"));
  EXPECT_EQ(series({{"match[]", "up"}, {"start", "x"}}).body, error(time));
  EXPECT_EQ(labels({{"start", "x"}}).body, error(time));
  EXPECT_EQ(values("job", {{"start", "x"}}).body, error(time));
  const std::string only = R"(1:1: parse error: unexpected expression: )"
                           R"(only a series selector such as up{job=\"shop\"} stands here)";
  const std::vector<std::pair<std::string, std::string>> selectors = {
      {"sum(up)", R"(1:4: parse error: unexpected \"(\")"},
      {"  ", R"(1:3: parse error: unexpected end of input)"},
      {"up[5m]", only},
      {"up offset 1m", only},
      {"up @ 1", only},
      {"1", only},
      {"up{", R"(1:4: parse error: unexpected end of input inside braces)"},
  };
  for (const auto& [selector, plain] : selectors) {
    EXPECT_EQ(series({{"match[]", selector}}).body,
              error(R"(invalid parameter \"match[]\": )" + plain));
    EXPECT_EQ(labels({{"match[]", selector}}).body, error(plain));
    EXPECT_EQ(values("job", {{"match[]", selector}}).body, error(plain));
  }
  EXPECT_EQ(series({{"match[]", "up"}, {"limit", "-1"}}).status, 400);
}

TEST_F(SelectApiTest, LimitsCutAndSaySo) {
  EXPECT_EQ(series({{"match[]", "up"}, {"limit", "1"}}).body,
            R"({"status":"success","data":[{"__name__":"up","a.b":"x","job":"a"}],)"
            R"("warnings":["results truncated due to limit"]})");
  EXPECT_EQ(labels({{"limit", "1"}}).body, R"({"status":"success","data":["__name__"],)"
                                           R"("warnings":["results truncated due to limit"]})");
  EXPECT_EQ(values("job", {{"limit", "2"}}).body, data(R"(["a","b"])"));
  EXPECT_EQ(values("job", {{"limit", "0"}}).body, data(R"(["a","b"])"));
}

TEST_F(SelectApiTest, LabelsAndTheirValues) {
  EXPECT_EQ(labels({}).body, data(R"(["__name__","a.b","job"])"));
  EXPECT_EQ(labels({{"match[]", "{job=\"b\"}"}}).body, data(R"(["__name__","job"])"));
  EXPECT_EQ(values("job").body, data(R"(["a","b"])"));
  EXPECT_EQ(values("job", {{"match[]", "{job=\"b\"}"}}).body, data(R"(["b"])"));
  EXPECT_EQ(values("none").body, data("[]"));
  EXPECT_EQ(values("a.b").body, data(R"(["x"])"));
  EXPECT_EQ(values("U__a_2e_b").body, data(R"(["x"])"));
  EXPECT_EQ(values("").status, 400);
  EXPECT_EQ(values("\xff").status, 400);
}

TEST_F(SelectApiTest, WorkThatCannotBeHandedOverFails) {
  queries_.refuses = base::Error(base::ErrorCode::kCancelled, "gone");
  EXPECT_EQ(labels({}).status, 499);
}

}  // namespace
}  // namespace tocsin::api
