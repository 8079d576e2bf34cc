#include <gtest/gtest.h>
#include <snappy.h>

#include <limits>

#include "integration/promql_differential/answer.h"
#include "integration/promql_differential/node.h"
#include "integration/promql_differential/remote_write.h"
#include "integration/promql_differential/series_file.h"

namespace tocsin::differential {
namespace {

std::vector<SeriesData> read_all(std::string_view text) {
  std::vector<SeriesData> all;
  const base::Status status = read_series(text, [&all](SeriesData one) { all.push_back(one); });
  EXPECT_TRUE(status) << status.error().to_string();
  return all;
}

TEST(SeriesFile, ComesBackAsItWasWritten) {
  const std::string text =
      "up{job=\"a b\"} 1000 0.1 +15000 NaN +1 stale +15000 -Inf\n# a comment\n\nx{} 5 1e-320\n";
  const auto series = read_all(text);
  ASSERT_EQ(series.size(), 2);
  EXPECT_EQ(series[0].labels.to_string(), "up{job=\"a b\"}");
  ASSERT_EQ(series[0].samples.size(), 4);
  EXPECT_EQ(series[0].samples[3].time_ms, 31'001);
  EXPECT_TRUE(model::is_stale(series[0].samples[2].value));
  EXPECT_EQ(series[1].samples[0].value, 1e-320);
  EXPECT_EQ(write_series(read_all(write_series(series))), write_series(series));
}

TEST(SeriesFile, NamesTheLineOfAFault) {
  for (const char* line : {"x{} 5", "x{} 5 one", "x{} five 1", "x{} 5 1 5 2", "{"}) {
    const auto status = read_series(std::string("\n") + line, [](const SeriesData&) {});
    ASSERT_FALSE(status) << line;
    EXPECT_EQ(status.error().position()->line, 2) << line;
  }
}

TEST(RemoteWrite, CutsByTimeFirst) {
  const auto series = read_all("a{} 0 1 +1000 2 +1000 3\nb{} 500 4 +1000 5\n");
  const auto requests = cut_requests(series, {.slice = std::chrono::seconds(1), .samples = 100});
  ASSERT_EQ(requests.size(), 3);
  EXPECT_EQ(requests[0].size(), 2);
  EXPECT_EQ(requests[1].size(), 2);
  EXPECT_EQ(requests[2].size(), 1);
  EXPECT_EQ(cut_requests(series, {.slice = std::chrono::hours(1), .samples = 3}).size(), 2);
}

TEST(RemoteWrite, WritesTheFieldsOfTheProtocol) {
  const auto series = read_all("a{} 7 1\n");
  const std::string body = encode_write_request({{&series[0].labels, series[0].samples}});
  std::string message;
  ASSERT_TRUE(snappy::Uncompress(body.data(), body.size(), &message));
  const std::string label =
      "\x0a\x0d\x0a\x08__name__\x12\x01"
      "a";
  const std::string sample("\x12\x0b\x09\x00\x00\x00\x00\x00\x00\xf0\x3f\x10\x07", 13);
  EXPECT_EQ(message, "\x0a\x1c" + label + sample);
}

TEST(Answers, ValuesAreTheSameToNineDigits) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(same_value(nan, nan));
  EXPECT_FALSE(same_value(nan, 0));
  EXPECT_FALSE(same_value(inf, -inf));
  EXPECT_FALSE(same_value(inf, 1e308));
  EXPECT_TRUE(same_value(1, 1 + 1e-10));
  EXPECT_FALSE(same_value(1, 1 + 1e-8));
  EXPECT_FALSE(same_value(0, 1e-300));
}

TEST(Answers, DifferencesAreNamed) {
  const auto vector = [](const std::string& items) {
    return *read_answer(R"({"status":"success","data":{"resultType":"vector","result":[)" + items +
                        "]}}");
  };
  const Answer one = vector(R"({"metric":{"a":"1"},"value":[1.5,"2"]})");
  EXPECT_FALSE(difference(one, one, true));
  EXPECT_TRUE(difference(one, vector(""), false));
  EXPECT_TRUE(difference(one, vector(R"({"metric":{"a":"1"},"value":[1.5,"2.0"]})"), false));
  EXPECT_TRUE(difference(one, vector(R"({"metric":{"a":"1"},"value":[1.6,"2"]})"), false));
  const Answer failed = *read_answer(R"({"status":"error","errorType":"execution","error":"x"})");
  EXPECT_FALSE(difference(failed, failed, false));
  EXPECT_TRUE(difference(failed, one, false));
  EXPECT_FALSE(read_answer("nonsense"));
}

TEST(Nodes, BecomeSmaller) {
  const NodePtr leaf = make_node(NodeType::kVector, {text("up"), option(" offset 5m")});
  const NodePtr node = make_node(
      NodeType::kVector, {text("sum"), option(" by (job) "), text("("), within(leaf), text(")")});
  EXPECT_EQ(to_string(*node), "sum by (job) (up offset 5m)");
  std::vector<std::string> texts;
  for (const NodePtr& one : smaller(node)) {
    texts.push_back(to_string(*one));
  }
  EXPECT_EQ(texts, (std::vector<std::string>{"up offset 5m", "sum(up offset 5m)", "vector(1)",
                                             "sum by (job) (up)"}));
}

}  // namespace
}  // namespace tocsin::differential
