#include "sources/schedule.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace tocsin::sources {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr base::MonotonicTime kStart{seconds(100)};

Schedule of(int target, base::Duration interval = seconds(15)) {
  return Schedule::of(kStart, interval, "job/http://host-" + std::to_string(target) + "/metrics");
}

TEST(Schedule, PollsEverythingWithinASecondAfterTheStart) {
  for (int target = 0; target < 200; ++target) {
    const auto first = of(target).first(kStart);
    EXPECT_GE(first, kStart);
    EXPECT_LT(first, kStart + seconds(1));
    EXPECT_LT(of(target, milliseconds(200)).first(kStart), kStart + milliseconds(200));
  }
}

TEST(Schedule, SpreadsTargetsOverTheInterval) {
  std::set<std::int64_t> used;
  for (int target = 0; target < 300; ++target) {
    const Schedule schedule = of(target);
    const auto first = schedule.first(kStart);
    const auto second = schedule.next(first, first).when;
    used.insert((second - kStart) / seconds(1) % 15);
  }
  EXPECT_EQ(used.size(), 15U);
}

TEST(Schedule, KeepsItsPlace) {
  const Schedule schedule = of(7);
  auto when = schedule.first(kStart);
  when = schedule.next(when, when).when;
  for (int poll = 0; poll < 10; ++poll) {
    const auto next = schedule.next(when, when + milliseconds(300));
    EXPECT_EQ(next.when, when + seconds(15));
    EXPECT_EQ(next.missed, 0U);
    when = next.when;
  }
  // The same place after a reload, whatever the time.
  EXPECT_EQ((of(7).next(when, when).when - when) % seconds(15), seconds(0));
}

TEST(Schedule, LeavesHalfAnIntervalAfterTheFirstPoll) {
  for (int target = 0; target < 200; ++target) {
    const Schedule schedule = of(target);
    const auto first = schedule.first(kStart);
    const auto gap = schedule.next(first, first).when - first;
    EXPECT_GE(gap, milliseconds(7500));
    EXPECT_LE(gap, milliseconds(22500));
  }
}

TEST(Schedule, SkipsAndCountsWhatAPollHasOverrun) {
  const Schedule schedule = of(1);
  auto when = schedule.first(kStart);
  when = schedule.next(when, when).when;
  const auto next = schedule.next(when, when + seconds(40));
  EXPECT_EQ(next.when, when + seconds(45));
  EXPECT_EQ(next.missed, 2U);
  // A poll that ends on the slot has missed it.
  EXPECT_EQ(schedule.next(when, when + seconds(15)).when, when + seconds(30));
}

TEST(Schedule, SurvivesAnIntervalOfNothing) {
  EXPECT_EQ(Schedule::of(kStart, base::Duration(0), "x").interval, milliseconds(1));
}

}  // namespace
}  // namespace tocsin::sources
