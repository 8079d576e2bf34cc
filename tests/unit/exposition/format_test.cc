#include "exposition/format.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tocsin::exposition {
namespace {

TEST(Format, FollowsTheContentType) {
  EXPECT_EQ(format_from_content_type("application/openmetrics-text; version=1.0.0; charset=utf-8"),
            Format::kOpenMetrics);
  EXPECT_EQ(format_from_content_type("Application/OpenMetrics-Text"), Format::kOpenMetrics);
  EXPECT_EQ(format_from_content_type("text/plain; version=0.0.4"), Format::kText);
  EXPECT_EQ(format_from_content_type(""), Format::kText);
  EXPECT_EQ(format_from_content_type("application/json"), Format::kText);
  EXPECT_EQ(format_from_content_type(";"), Format::kText);
}

TEST(Format, AsksForWhatItReads) {
  EXPECT_TRUE(kAcceptHeader.starts_with("application/openmetrics-text;version=1.0.0"));
  EXPECT_NE(kAcceptHeader.find("text/plain;version=0.0.4"), std::string_view::npos);
}

TEST(Format, WritesCanonicalNumbers) {
  const std::vector<std::pair<double, std::string>> cases = {
      {1, "1.0"},
      {0, "0.0"},
      {-1, "-1.0"},
      {0.5, "0.5"},
      {100000, "100000.0"},
      {999999, "999999.0"},
      {1000000, "1e+06"},
      {1.5e6, "1.5e+06"},
      {1e-4, "0.0001"},
      {1e-5, "1e-05"},
      {1e100, "1e+100"},
      {-0.25, "-0.25"},
      {12345.678, "12345.678"},
      {std::numeric_limits<double>::infinity(), "+Inf"},
      {-std::numeric_limits<double>::infinity(), "-Inf"},
      {std::nan(""), "NaN"},
      {std::numeric_limits<double>::denorm_min(), "5e-324"},
      {std::numeric_limits<double>::max(), "1.7976931348623157e+308"}};
  for (const auto& [value, want] : cases) {
    EXPECT_EQ(format_canonical(value), want);
  }
}

}  // namespace
}  // namespace tocsin::exposition
