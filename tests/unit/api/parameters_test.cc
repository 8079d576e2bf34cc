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
      // The fraction is rounded by itself, as Prometheus does it.
      {"1.0005", 1000},
      {"1.00051", 1001},
      {"-292273086-05-16T16:47:06Z", -9'000'000'000'000'000},
      {"292277025-08-18T07:12:54.999999999Z", 9'000'000'000'000'000},
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
  EXPECT_EQ(parse_step("1e100").error().message(),
            "cannot parse \"1e100\" to a valid duration. It overflows int64");
}

TEST(LimitOf, IsNoneOrAWholeNumber) {
  const auto limit = [](const std::string& text) {
    net::ServerRequest request;
    request.query = {{"limit", text}};
    return limit_of(request);
  };
  EXPECT_EQ(limit_of({}).value(), 0U);
  EXPECT_EQ(limit("").value(), 0U);
  EXPECT_EQ(limit("0").value(), 0U);
  EXPECT_EQ(limit("+12").value(), 12U);
  EXPECT_EQ(limit("-1").error().message(), "limit must be non-negative");
  EXPECT_EQ(limit("1.5").error().message(), "strconv.Atoi: parsing \"1.5\": invalid syntax");
  EXPECT_EQ(limit("99999999999999999999").error().message(),
            "strconv.Atoi: parsing \"99999999999999999999\": value out of range");
}

TEST(WithThousands, PutsCommas) {
  EXPECT_EQ(with_thousands(0), "0");
  EXPECT_EQ(with_thousands(999), "999");
  EXPECT_EQ(with_thousands(11'000), "11,000");
  EXPECT_EQ(with_thousands(1'234'567), "1,234,567");
}

TEST(UnescapeLabelName, ReadsCharacterNumbers) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"job", "job"},
      {"a_b", "a_b"},
      {"U__", ""},
      {"U__http_2e_status", "http.status"},
      {"U__a__b", "a_b"},
      {"U___d55c__ae00_", "\xed\x95\x9c\xea\xb8\x80"},
      {"U___1F600_", "\xf0\x9f\x98\x80"},
      {"U___e9_x", "\xc3\xa9x"},
      // What is no such number leaves the name as it is.
      {"U__a_2e", "U__a_2e"},
      {"U__a_", "U__a_"},
      {"U__a_zz_", "U__a_zz_"},
      {"U___d800_", "U___d800_"},
      {"U___110000_", "U___110000_"},
      {"U___0000041_", "U___0000041_"},
  };
  for (const auto& [escaped, plain] : cases) {
    EXPECT_EQ(unescape_label_name(escaped), plain) << escaped;
  }
}

}  // namespace
}  // namespace tocsin::api
