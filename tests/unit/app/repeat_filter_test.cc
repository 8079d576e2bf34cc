#include "app/repeat_filter.h"

#include <gtest/gtest.h>

namespace tocsin::app {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr base::MonotonicTime kStart{};

TEST(RepeatFilter, SaysTheSameOnceInAWhile) {
  RepeatFilter filter({.quiet = minutes(10), .burst = 20, .max_texts = 10});
  EXPECT_EQ(filter.admit("a", kStart), 0U);
  for (int i = 1; i < 600; ++i) {
    EXPECT_FALSE(filter.admit("a", kStart + seconds(i)));
  }
  EXPECT_EQ(filter.admit("a", kStart + minutes(10)), 599U);
}

TEST(RepeatFilter, SaysWhatIsNewAtOnceWithinABurst) {
  RepeatFilter filter({.quiet = minutes(10), .burst = 2, .max_texts = 10});
  EXPECT_TRUE(filter.admit("a", kStart));
  EXPECT_TRUE(filter.admit("b", kStart));
  EXPECT_FALSE(filter.admit("c", kStart + seconds(59)));
  EXPECT_EQ(filter.admit("c", kStart + seconds(60)), 1U) << "one was left out";
}

TEST(RepeatFilter, RemembersSoMuchAndNoMore) {
  RepeatFilter filter({.quiet = minutes(1), .burst = 1000, .max_texts = 2});
  EXPECT_TRUE(filter.admit("a", kStart));
  EXPECT_TRUE(filter.admit("b", kStart));
  EXPECT_TRUE(filter.admit("c", kStart));
  EXPECT_TRUE(filter.admit("c", kStart)) << "not remembered, said again";
  EXPECT_TRUE(filter.admit("c", kStart + minutes(1)));
  EXPECT_FALSE(filter.admit("c", kStart + minutes(1))) << "what is old has made room";
}

}  // namespace
}  // namespace tocsin::app
