#include "async/backoff.h"

#include <gtest/gtest.h>

namespace tocsin::async {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Backoff, GrowsExponentiallyUpToItsCap) {
  const BackoffOptions options{.first = seconds(1), .cap = seconds(10), .factor = 2, .jitter = 0};
  base::SeededRandom random(1);
  Backoff backoff(options);
  EXPECT_EQ(backoff.next(random), seconds(1));
  EXPECT_EQ(backoff.next(random), seconds(2));
  EXPECT_EQ(backoff.next(random), seconds(4));
  EXPECT_EQ(backoff.next(random), seconds(8));
  EXPECT_EQ(backoff.next(random), seconds(10));
  EXPECT_EQ(backoff.attempts(), 5U);
  backoff.reset();
  EXPECT_EQ(backoff.next(random), seconds(1));
}

TEST(Backoff, StaysAtItsCapForever) {
  base::SeededRandom random(1);
  EXPECT_EQ(backoff_delay({.jitter = 0}, 4'000'000'000U, random), minutes(5));
}

TEST(Backoff, JitterOnlyShortens) {
  const BackoffOptions options{.first = seconds(10), .cap = minutes(5), .jitter = 0.2};
  base::SeededRandom random(7);
  milliseconds least = seconds(10);
  milliseconds most{0};
  for (int i = 0; i < 1000; ++i) {
    const base::Duration delay = backoff_delay(options, 0, random);
    least = std::min(least, delay);
    most = std::max(most, delay);
  }
  EXPECT_GE(least, seconds(8));
  EXPECT_LE(most, seconds(10));
  EXPECT_GT(most - least, seconds(1));
}

TEST(Backoff, WaitsAtLeastAsLongAsThePeerAsked) {
  base::SeededRandom random(1);
  const BackoffOptions options{.first = seconds(1), .cap = seconds(4), .jitter = 0};
  EXPECT_EQ(backoff_delay(options, 0, random, minutes(10)), minutes(10));
  EXPECT_EQ(backoff_delay(options, 1, random, seconds(1)), seconds(2));
}

}  // namespace
}  // namespace tocsin::async
