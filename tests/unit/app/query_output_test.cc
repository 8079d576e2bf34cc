#include "app/query_output.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace tocsin::app {
namespace {

using Rows = std::vector<std::vector<std::string>>;

TEST(SeriesName, IsASelector) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"__name__":"up"})", "up"},
      {R"({"__name__":"up","job":"a\"b"})", R"(up{job="a\"b"})"},
      {R"({"job":"a","x":"y"})", R"({job="a", x="y"})"},
      {R"({})", "{}"},
      {R"({"__name__":"http.requests","a.b":"c"})", R"({"http.requests", "a.b"="c"})"},
      {R"({"__name__":"job:up:sum"})", "job:up:sum"},
  };
  for (const auto& [json, name] : cases) {
    EXPECT_EQ(series_name(boost::json::parse(json)), name);
  }
}

TEST(TableRows, OneForEachSample) {
  const auto vector =
      boost::json::parse(R"([{"metric":{"__name__":"up"},"value":[1.5,"1"]},)"
                         R"({"metric":{"__name__":"h"},"histogram":[2,{"count":"3"}]},7])");
  EXPECT_EQ(table_rows(vector.get_array()),
            (Rows{{"SERIES", "VALUE", "TIME"},
                  {"up", "1", "1970-01-01 00:00:01Z"},
                  {"h", R"({"count":"3"})", "1970-01-01 00:00:02Z"}}));
  const auto matrix =
      boost::json::parse(R"([{"metric":{},"values":[[1,"1"],[2,"NaN"]]},{"values":3},{}])");
  EXPECT_EQ(table_rows(matrix.get_array()), (Rows{{"SERIES", "VALUE", "TIME"},
                                                  {"{}", "1", "1970-01-01 00:00:01Z"},
                                                  {"{}", "NaN", "1970-01-01 00:00:02Z"}}));
}

TEST(ChartSeriesOf, ReadsPoints) {
  const auto matrix = boost::json::parse(
      R"([{"metric":{"a":"b"},"values":[[1,"1"],[2.5,"1e+21"],"x"]},{"metric":{}},7])");
  const std::vector<ChartSeries> all = chart_series(matrix.get_array());
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].name, R"({a="b"})");
  ASSERT_EQ(all[0].points.size(), 2U);
  EXPECT_EQ(all[0].points[1].time, 2.5);
  EXPECT_EQ(all[0].points[1].value, 1e21);
  EXPECT_TRUE(all[1].points.empty());
}

}  // namespace
}  // namespace tocsin::app
