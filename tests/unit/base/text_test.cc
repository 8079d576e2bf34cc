#include "base/text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tocsin::base {
namespace {

TEST(Text, SplitsTrimsAndJoins) {
  EXPECT_EQ(split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_EQ(split("", ','), (std::vector<std::string_view>{""}));
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(join({"a", "b"}, ", "), "a, b");
}

TEST(Text, KnowsValidUtf8) {
  for (const char* good : {"", "plain", "장애", "\xF0\x9F\x94\x94", "\xEF\xBF\xBD"}) {
    EXPECT_TRUE(is_valid_utf8(good)) << good;
  }
  for (const char* bad : {"\x80", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80",
                          "\xE2\x82", "a\xFF"}) {
    EXPECT_FALSE(is_valid_utf8(bad));
  }
}

TEST(Text, TruncatesBetweenCharacters) {
  EXPECT_EQ(truncate_utf8("장애", 6), "장애");
  EXPECT_EQ(truncate_utf8("장애", 5), "장");
  EXPECT_EQ(truncate_utf8("장애", 2), "");
}

TEST(Text, ShortensByCharacters) {
  EXPECT_EQ(shorten_runes("장애남", 3), "장애남");
  EXPECT_EQ(shorten_runes("장애남", 2), "장…");
  EXPECT_EQ(shorten_runes("ab", 1), "…");
  EXPECT_EQ(shorten_runes("", 1), "");
}

TEST(Text, QuotesAsGoDoes) {
  EXPECT_EQ(quote("a\"b\\c\n\x01"), R"("a\"b\\c\n\x01")");
  EXPECT_EQ(quote("\a\v\x7f é"), R"("\a\v\x7f é")");
  EXPECT_EQ(quote("a\xff\xc3"), R"("a\xff\xc3")");
  // As Alertmanager 0.25 writes a groupKey.
  EXPECT_EQ(quote("b\u200bc\u00a0d\u0085é한\ue000\ufffd"),
            "\"b\\u200bc\\u00a0d\\u0085é한\\ue000\ufffd\"");
  EXPECT_EQ(quote("🔔\U000f0000\u3000"), "\"🔔\\U000f0000\\u3000\"");
}

TEST(Numbers, ReadsGoFloats) {
  EXPECT_EQ(parse_number("1_000"), 1000);
  EXPECT_EQ(parse_number("-0x1p4"), -16);
  EXPECT_EQ(parse_number("+Inf"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_number("-inf"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_number(".5"), 0.5);
  EXPECT_EQ(parse_number("1e400"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_number("1e-400"), 0);
  EXPECT_TRUE(std::isnan(parse_number("NaN").value()));
  for (const char* text : {"", "-", "1x", "e5", "0x", "1 ", "_1", "1_", "--1", "+-1"}) {
    EXPECT_FALSE(parse_number(text)) << text;
  }
}

TEST(Numbers, PrintsWithoutExponentAsTheApiDoes) {
  EXPECT_EQ(format_number(0.1), "0.1");
  EXPECT_EQ(format_number(1e21), "1000000000000000000000");
  EXPECT_EQ(format_number(1e23), "100000000000000000000000");
  EXPECT_EQ(format_number(1e-7), "0.0000001");
  EXPECT_EQ(format_number(-0.0), "-0");
  EXPECT_EQ(format_number(std::nan("")), "NaN");
  EXPECT_EQ(format_number(-std::numeric_limits<double>::infinity()), "-Inf");
}

TEST(Numbers, PrintsShortAsGoDoes) {
  EXPECT_EQ(format_number_short(1500), "1500");
  EXPECT_EQ(format_number_short(123456), "123456");
  EXPECT_EQ(format_number_short(1e6), "1e+06");
  EXPECT_EQ(format_number_short(1234567.5), "1.2345675e+06");
  EXPECT_EQ(format_number_short(1e21), "1e+21");
  EXPECT_EQ(format_number_short(0.00001), "1e-05");
}

}  // namespace
}  // namespace tocsin::base
