#include "api/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tocsin::api {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The texts are those of Prometheus 2.42 for vector(x).
TEST(FormatSampleValue, PrintsAsPrometheus) {
  const std::vector<std::pair<double, std::string>> cases = {
      {0, "0"},
      {-0.0, "-0"},
      {1, "1"},
      {0.1, "0.1"},
      {1e-6, "0.000001"},
      {1.5e-7, "1.5e-07"},
      {1.5e-300, "1.5e-300"},
      {123456789012345678901.0, "123456789012345680000"},
      {1e21, "1e+21"},
      {-1e22, "-1e+22"},
      {1e30, "1e+30"},
      {kInfinity, "+Inf"},
      {-kInfinity, "-Inf"},
      {std::nan(""), "NaN"},
  };
  for (const auto& [value, expected] : cases) {
    EXPECT_EQ(format_sample_value(value), expected);
  }
}

TEST(FormatExponent, PrintsAsAlertValues) {
  EXPECT_EQ(format_exponent(0), "0e+00");
  EXPECT_EQ(format_exponent(1), "1e+00");
  EXPECT_EQ(format_exponent(12.5), "1.25e+01");
  EXPECT_EQ(format_exponent(kInfinity), "+Inf");
  EXPECT_EQ(format_exponent(std::nan("")), "NaN");
}

TEST(FormatSeconds, HasUpToThreeDecimals) {
  const std::vector<std::pair<std::int64_t, std::string>> cases = {
      {0, "0"},        {1000, "1"},    {1435781451781, "1435781451.781"},
      {1100, "1.1"},   {1010, "1.01"}, {1001, "1.001"},
      {-1500, "-1.5"}, {-500, "-0.5"}, {-2000, "-2"},
  };
  for (const auto& [milliseconds, expected] : cases) {
    EXPECT_EQ(format_seconds(milliseconds), expected);
  }
}

TEST(FormatTimestamp, HasThreeDigitsOrNone) {
  const std::vector<std::pair<std::int64_t, std::string>> cases = {
      {0, "0"},
      {1, "0.001"},
      {1435781451780, "1435781451.780"},
      {2000, "2"},
      {-1, "-0.001"},
      {-1500, "-1.500"},
      {-2000, "-2"},
      {999, "0.999"},
      {std::numeric_limits<std::int64_t>::min(), "-9223372036854775.808"},
  };
  for (const auto& [milliseconds, expected] : cases) {
    EXPECT_EQ(format_timestamp(milliseconds), expected);
    JsonWriter json;
    EXPECT_EQ(json.sample(milliseconds, 0.5).take(), "[" + expected + ",\"0.5\"]");
  }
}

TEST(FormatTime, IsRfc3339) {
  EXPECT_EQ(format_time(base::from_millis(1'767'225'600'042)), "2026-01-01T00:00:00.042Z");
  EXPECT_EQ(format_time(std::nullopt), "0001-01-01T00:00:00Z");
}

TEST(JsonWriter, NestsAndSeparates) {
  JsonWriter json;
  json.begin_object().field("a", "b").key("c").begin_array().integer(-1).boolean(true);
  json.begin_object().end_object().begin_array().end_array().number(0.5).number(kInfinity);
  json.end_array().key("d").raw("{}").end_object();
  EXPECT_EQ(json.take(), R"({"a":"b","c":[-1,true,{},[],0.5,null],"d":{}})");
}

TEST(JsonWriter, EscapesEveryText) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a\"b\\c", R"("a\"b\\c")"},
      {"\n\r\t\x01", R"("\n\r\t\u0001")"},
      {"<script>&", R"("\u003cscript\u003e\u0026")"},
      {"주문 €", "\"주문 €\""},
      {std::string("a\0b", 3), R"("a\u0000b")"},
      {"a\xff\xc3", "\"a\xef\xbf\xbd\xef\xbf\xbd\""},
      {"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
      {"", "\"\""},
  };
  for (const auto& [text, expected] : cases) {
    JsonWriter json;
    json.string(text);
    EXPECT_EQ(json.take(), expected);
  }
}

}  // namespace
}  // namespace tocsin::api
