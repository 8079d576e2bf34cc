#include "base/duration.h"

#include <gtest/gtest.h>

namespace tocsin::base {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Duration, ReadsEachUnitAndTheirSequence) {
  const std::pair<const char*, milliseconds> cases[] = {
      {"0", milliseconds(0)},
      {"0s", milliseconds(0)},
      {"15ms", milliseconds(15)},
      {"30s", seconds(30)},
      {"1m", minutes(1)},
      {"90m", minutes(90)},
      {"1h30m", minutes(90)},
      {"1d", hours(24)},
      {"2w", hours(24 * 14)},
      {"1y", hours(24 * 365)},
      {"1w2d3h4m5s6ms", hours(24 * 9 + 3) + minutes(4) + seconds(5) + milliseconds(6)},
  };
  for (const auto& [text, expected] : cases) {
    const auto duration = parse_duration(text);
    ASSERT_TRUE(duration) << text;
    EXPECT_EQ(*duration, expected) << text;
  }
}

TEST(Duration, RefusesWhatPrometheusRefuses) {
  for (const char* text : {"", "1", "s", "-1s", "1.5h", "1h 30m", "30m1h", "1s1s", "5x", "1ms1s",
                           "99999999999999999999s", "400y"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Duration, PrintsTheShortestFormThatReadsBack) {
  const std::pair<milliseconds, const char*> cases[] = {
      {milliseconds(0), "0s"}, {seconds(90), "1m30s"}, {hours(24 * 14), "2w"},
      {hours(24 * 8), "8d"},   {hours(36), "1d12h"},   {milliseconds(1500), "1s500ms"},
      {hours(24 * 365), "1y"}, {-minutes(5), "-5m"},
  };
  for (const auto& [duration, expected] : cases) {
    EXPECT_EQ(format_duration(duration), expected);
  }
}

}  // namespace
}  // namespace tocsin::base
