#include "api/metadata_api.h"

#include <gtest/gtest.h>

#include "fakes.h"

namespace tocsin::api {
namespace {

using exposition::Family;
using Parameters = std::vector<std::pair<std::string, std::string>>;

class MetadataApiTest : public ::testing::Test {
 protected:
  MetadataApiTest() {
    add("a", {{"up_total", model::MetricType::kCounter, "Says \"up\".", ""},
              {"size", model::MetricType::kGauge, "Size", "bytes"}});
    add("b", {{"up_total", model::MetricType::kCounter, "Says \"up\".", ""},
              {"size", model::MetricType::kUnknown, "", ""}});
  }
  void add(const std::string& job, std::vector<Family> families) {
    views_.all_metadata.push_back(
        {model::Labels{{"job", job}},
         std::make_shared<const std::vector<Family>>(std::move(families))});
  }
  std::string metadata(Parameters parameters = {}) {
    net::ServerRequest request;
    request.query = std::move(parameters);
    return api_.metadata(request).body;
  }
  std::string targets(Parameters parameters = {}) {
    net::ServerRequest request;
    request.query = std::move(parameters);
    return api_.target_metadata(request).body;
  }
  static std::string data(const std::string& json) {
    return R"({"status":"success","data":)" + json + "}";
  }
  static std::string error(const std::string& text) {
    return R"({"status":"error","errorType":"bad_data","error":")" + text + R"("})";
  }

  FakeViews views_;
  FakeQueries queries_;
  MetadataApi api_{views_, queries_};
};

TEST_F(MetadataApiTest, MetricsWithTheirDifferentEntries) {
  const std::string up = R"("up_total":[{"type":"counter","help":"Says \"up\".","unit":""}])";
  const std::string size = R"("size":[{"type":"gauge","help":"Size","unit":"bytes"},)"
                           R"({"type":"unknown","help":"","unit":""}])";
  EXPECT_EQ(metadata(), data("{" + size + "," + up + "}"));
  EXPECT_EQ(metadata({{"metric", "up_total"}}), data("{" + up + "}"));
  EXPECT_EQ(metadata({{"metric", "nope"}}), data("{}"));
  EXPECT_EQ(metadata({{"limit", "1"}}), data("{" + size + "}"));
  EXPECT_EQ(metadata({{"limit", "0"}}), data("{}"));
  EXPECT_EQ(metadata({{"limit", "-1"}}), data("{" + size + "," + up + "}"));
  EXPECT_EQ(metadata({{"metric", "size"}, {"limit_per_metric", "1"}}),
            data(R"({"size":[{"type":"gauge","help":"Size","unit":"bytes"}]})"));
  EXPECT_EQ(metadata({{"limit", "x"}}), error("limit must be a number"));
  EXPECT_EQ(metadata({{"limit_per_metric", "1x"}}), error("limit_per_metric must be a number"));
}

TEST_F(MetadataApiTest, TargetsWithWhatTheySay) {
  EXPECT_EQ(targets({{"match_target", "{job=\"a\"}"}}),
            data(R"([{"target":{"job":"a"},"metric":"up_total","type":"counter",)"
                 R"("help":"Says \"up\".","unit":""},)"
                 R"({"target":{"job":"a"},"metric":"size","type":"gauge",)"
                 R"("help":"Size","unit":"bytes"}])"));
  EXPECT_EQ(targets({{"metric", "size"}}),
            data(R"([{"target":{"job":"a"},"type":"gauge","help":"Size","unit":"bytes"},)"
                 R"({"target":{"job":"b"},"type":"unknown","help":"","unit":""}])"));
  EXPECT_EQ(targets({{"metric", "size"}, {"limit", "1"}}),
            data(R"([{"target":{"job":"a"},"type":"gauge","help":"Size","unit":"bytes"}])"));
  EXPECT_EQ(targets({{"metric", "nope"}}), data("[]"));
  EXPECT_EQ(targets({{"limit", "x"}}), error("limit must be a number"));
  EXPECT_EQ(targets({{"match_target", "foo("}}),
            error(R"(invalid parameter \"match_target\": 1:4: parse error: unexpected \"(\")"));
}

}  // namespace
}  // namespace tocsin::api
