#include "base/rfc3339.h"

#include <gtest/gtest.h>

namespace tocsin::base {
namespace {

TEST(Rfc3339, PrintsAsGoDoes) {
  EXPECT_EQ(format_rfc3339(from_millis(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339(from_millis(1'769'850'300'250)), "2026-01-31T09:05:00.25Z");
  EXPECT_EQ(format_rfc3339(from_millis(1)), "1970-01-01T00:00:00.001Z");
  EXPECT_EQ(format_rfc3339(from_millis(-1)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_rfc3339(from_millis(-62'135'596'800'000)), kGoZeroTime);
}

TEST(Rfc3339, ReadsOffsetsAndFractions) {
  for (const char* text : {"2026-01-31T09:05:00.25Z", "2026-01-31t09:05:00.250z",
                           "2026-01-31T18:05:00.25+09:00", "2026-01-31T03:35:00.2509999-05:30"}) {
    const auto time = parse_rfc3339(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(to_millis(*time), 1'769'850'300'250) << text;
  }
  EXPECT_EQ(to_millis(*parse_rfc3339(kGoZeroTime)), -62'135'596'800'000);
}

TEST(Rfc3339, RefusesOtherTexts) {
  for (const char* text :
       {"", "2026-01-31", "2026-01-31T09:05:00", "2026-02-30T00:00:00Z", "2026-01-31T24:00:00Z",
        "2026-01-31T09:05:00.Z", "2026-01-31T09:05:00+0900", "2026-01-31T09:05:00Z ",
        "-026-01-31T09:05:00Z", "2026-1-31T09:05:00Z", "2026-01-31 09:05:00Z"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

}  // namespace
}  // namespace tocsin::base
