#include "base/hash.h"

#include <gtest/gtest.h>

#include <limits>
#include <string_view>
#include <utility>

#include "base/xxhash.h"

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

// Recorded from libxxhash 0.8.1: each branch by the rest of 32, 8 and 4 bytes.
TEST(XxHash64, GivesTheDigestsOfTheReference) {
  constexpr std::string_view kText =
      "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  constexpr std::pair<std::size_t, std::uint64_t> kDigests[] = {
      {0, 0xef46db3751d8e999},  {1, 0xd24ec4f1a98c6e5b},  {3, 0x44bc2cf5ad770999},
      {4, 0xde0327b0d25d92cc},  {7, 0x1860940e2902822d},  {8, 0x3ad351775b4634b7},
      {12, 0x4b09b7d3a233d4b3}, {31, 0x16058c7b947da137}, {32, 0xbf2cd639b4143b80},
      {33, 0x4f89e4082bcbf673}, {45, 0xcc3fa2aac605ca56}, {62, 0xd5000c4ac53d14a0}};
  for (const auto& [size, digest] : kDigests) {
    EXPECT_EQ(xxhash64(kText.substr(0, size)), digest) << size;
  }
}

}  // namespace
}  // namespace tocsin::base
