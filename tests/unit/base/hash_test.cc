#include "base/hash.h"

#include <gtest/gtest.h>

#include <limits>

namespace tocsin::base {
namespace {

TEST(Hex, ReadsBackWhatWasWritten) {
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1}, fnv1a("tocsin"),
                                    std::numeric_limits<std::uint64_t>::max()}) {
    EXPECT_EQ(to_hex(value).size(), 16U);
    EXPECT_EQ(parse_hex(to_hex(value)), value);
  }
  EXPECT_EQ(to_hex(0xbeef), "000000000000beef");
}

TEST(Hex, RefusesOtherTexts) {
  for (const char* text : {"", "beef", "000000000000BEEF", "00000000000000g0", "0000000000000 ef",
                           "-00000000000beef", "00000000000000beef"}) {
    EXPECT_FALSE(parse_hex(text)) << text;
  }
}

}  // namespace
}  // namespace tocsin::base
