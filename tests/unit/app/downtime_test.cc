// What time without a process does to alerts that are pending: the rule `Slow` of CoreWorld holds
// above 3 and waits for 30 s.

#include <gtest/gtest.h>

#include "unit/app/core_world.h"

namespace tocsin::app {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class Downtime : public ::testing::Test {
 protected:
  void poll_for(base::Duration span) {
    for (base::Duration passed{0}; passed < span; passed += seconds(15)) {
      world_.poll({{"a", 4}});
      world_.advance(seconds(15));
    }
  }
  rules::AlertCounts counts() const { return world_.core().engine().alert_counts(); }

  CoreWorld world_{1};
};

TEST_F(Downtime, ShortOneCountsTowardsFor) {
  poll_for(seconds(15));
  ASSERT_EQ(counts().pending, 1U);
  world_.pause(seconds(60));
  world_.restart(false);
  world_.poll({{"a", 4}});
  EXPECT_EQ(counts().firing, 1U);
}

class LongDowntime : public Downtime, public ::testing::WithParamInterface<bool> {};

TEST_P(LongDowntime, DoesNotCountTowardsFor) {
  poll_for(seconds(15));
  ASSERT_EQ(counts().pending, 1U);
  world_.pause(hours(1));
  world_.restart(GetParam());
  world_.poll({{"a", 4}});
  EXPECT_EQ(counts().pending, 1U) << "it may have been well all the while";
  EXPECT_EQ(counts().firing, 0U);
  world_.advance(seconds(14));
  EXPECT_EQ(counts().firing, 0U);
  world_.advance(seconds(1));
  EXPECT_EQ(counts().firing, 1U) << "what was watched before does count";
}

INSTANTIATE_TEST_SUITE_P(FromRecordsAndFromASnapshot, LongDowntime, ::testing::Bool());

TEST_F(Downtime, DoesNotTouchWhatFires) {
  poll_for(seconds(60));
  ASSERT_EQ(counts().firing, 1U);
  world_.pause(hours(1));
  world_.restart(false);
  EXPECT_EQ(counts().firing, 1U);
  world_.poll({{"a", 4}});
  EXPECT_EQ(counts().firing, 1U);
}

}  // namespace
}  // namespace tocsin::app
