#include "api/parameters.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tocsin::api {
namespace {

TEST(ParseTime, TakesSecondsAndRfc3339) {
  const std::vector<std::pair<std::string, std::int64_t>> cases = {
      {"0", 0},
      {"1435781451.7809", 1435781451781},
      {"-1.5", -1500},
      {"1e3", 1'000'000},
      {"2015-07-01T20:10:51.781Z", 1435781451781},
      {"2015-07-01T20:10:51Z", 1435781451000},
      {"2015-07-01T22:10:51+02:00", 1435781451000},
      {"2015-07-01t15:40:51.5-04:30", 1435781451500},
      {"2015-07-01T20:10:51.123456789Z", 1435781451123},
  };
  for (const auto& [text, expected] : cases) {
    const auto time = parse_time(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(base::to_millis(*time), expected) << text;
  }
}

TEST(ParseTime, RefusesOtherTexts) {
  for (const char* text :
       {"", "x", "NaN", "Inf", "1e300", "2015-07-01", "2015-07-01T20:10:51", "2015-13-01T20:10:51Z",
        "2015-02-30T20:10:51Z", "2015-07-01T24:10:51Z", "2015-07-01T20:10:51.Z",
        "2015-07-01T20:10:51+0200", "2015-07-01T20:10:51+02:00x", "2015-07-01 20:10:51Z",
        "15-07-01T20:10:51Z", "2015-07-01T20:10:51+24:00"}) {
    const auto time = parse_time(text);
    ASSERT_FALSE(time) << text;
    EXPECT_EQ(time.error().code(), base::ErrorCode::kInvalidInput);
  }
  EXPECT_EQ(parse_time("x").error().message(), "cannot parse \"x\" to a valid timestamp");
}

TEST(ParseStep, TakesSecondsAndDurations) {
  using std::chrono::milliseconds;
  EXPECT_EQ(parse_step("15").value(), milliseconds(15'000));
  EXPECT_EQ(parse_step("0.5").value(), milliseconds(500));
  EXPECT_EQ(parse_step("1m30s").value(), milliseconds(90'000));
  EXPECT_EQ(parse_step("-1").value(), milliseconds(-1000));
  for (const char* text : {"", "x", "1x", "NaN", "1e100"}) {
    EXPECT_FALSE(parse_step(text)) << text;
  }
}

}  // namespace
}  // namespace tocsin::api
