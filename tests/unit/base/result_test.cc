#include "base/result.h"

#include <gtest/gtest.h>

namespace tocsin::base {
namespace {

TEST(Error, CollectsContextAndPlace) {
  const Error error = Error(ErrorCode::kUnavailable, "connect: refused")
                          .context("scrape api:9090")
                          .at({"tocsin.yml", 12, 3});
  EXPECT_EQ(error.to_string(), "tocsin.yml:12:3: scrape api:9090: connect: refused");
  EXPECT_EQ(error.message(), "scrape api:9090: connect: refused");
}

TEST(Error, OnlyPassingTroubleIsRetried) {
  EXPECT_TRUE(is_retryable(ErrorCode::kUnavailable));
  EXPECT_TRUE(is_retryable(ErrorCode::kTimeout));
  EXPECT_FALSE(is_retryable(ErrorCode::kDenied));
  EXPECT_FALSE(is_retryable(ErrorCode::kCancelled));
}

TEST(Result, HoldsAValueOrAnError) {
  const Result<int> value = 5;
  EXPECT_EQ(value.value(), 5);
  const Result<int> failed = Error(ErrorCode::kNotFound, "no such thing");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::kNotFound);
}

TEST(Position, LeavesOutWhatIsUnknown) {
  EXPECT_EQ((Position{"a.yml", 0, 0}).to_string(), "a.yml");
  EXPECT_EQ((Position{"a.yml", 4, 0}).to_string(), "a.yml:4");
  EXPECT_EQ((Position{"", 4, 2}).to_string(), "4:2");
}

}  // namespace
}  // namespace tocsin::base
