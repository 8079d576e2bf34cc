#include "sources/sharpening.h"

#include <gtest/gtest.h>

namespace tocsin::sources {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const base::MonotonicTime kStart = base::MonotonicTime{} + hours(1);

/// Polls one target for a while as the manager does, the first time at `begin`; returns how often.
struct Polls {
  std::size_t regular = 0;
  std::size_t extra = 0;
  base::Duration shortest = hours(1);  ///< between two polls
};

Polls poll_for(Sharpening& sharpening, series::Origin origin, base::Duration interval,
               base::MonotonicTime begin, base::Duration length, bool wanted,
               bool succeeded = true) {
  Polls polls;
  base::MonotonicTime now = begin;
  base::MonotonicTime regular = begin;
  std::optional<base::MonotonicTime> last;
  while (now < begin + length) {
    if (last) {
      polls.shortest =
          std::min(polls.shortest, std::chrono::duration_cast<base::Duration>(now - *last));
    }
    last = now;
    if (now >= regular) {
      ++polls.regular;
      regular += interval;
    } else {
      ++polls.extra;
    }
    sharpening.poll_ended(origin, succeeded, wanted, now);
    now = sharpening.extra_poll(origin, now, regular, now).value_or(regular);
  }
  return polls;
}

TEST(Sharpening, PollsNothingFasterThatNobodyWatchesOrThatDidNotOptIn) {
  Sharpening sharpening;
  sharpening.add(1, seconds(5), true, kStart);
  sharpening.add(2, seconds(5), false, kStart);
  EXPECT_EQ(poll_for(sharpening, 1, seconds(5), kStart + minutes(10), minutes(10), false).extra,
            0U);
  EXPECT_EQ(poll_for(sharpening, 2, seconds(5), kStart + minutes(20), minutes(10), true).extra, 0U);
  EXPECT_FALSE(sharpening.look(2, kStart));
  EXPECT_FALSE(sharpening.look(1, kStart + minutes(30))->active);
}

TEST(Sharpening, PollsAFifthOfTheIntervalApartWhileTheSavingsLast) {
  Sharpening sharpening;
  sharpening.add(1, seconds(10), true, kStart);
  // Ten minutes' worth of 0.1 × 0.1/s.
  const base::MonotonicTime later = kStart + minutes(30);
  const Polls polls = poll_for(sharpening, 1, seconds(10), later, seconds(10), true);
  EXPECT_EQ(polls.regular, 1U);
  EXPECT_EQ(polls.extra, 4U);
  EXPECT_EQ(polls.shortest, seconds(2));
  const auto look = sharpening.look(1, later + seconds(10));
  ASSERT_TRUE(look);
  EXPECT_TRUE(look->active);
  EXPECT_EQ(look->interval, seconds(2));
  EXPECT_EQ(look->extra_polls, 4U);
}

TEST(Sharpening, NeverMakesMoreThanATenthOfExtraPolls) {
  for (const int targets : {1, 3, 40}) {
    Sharpening sharpening;
    for (int i = 1; i <= targets; ++i) {
      sharpening.add(static_cast<series::Origin>(i), seconds(5), true, kStart);
    }
    // One target takes what all have saved; the others' regular polls count all the same.
    const Polls polls = poll_for(sharpening, 1, seconds(5), kStart, hours(2), true);
    const auto regular = polls.regular * static_cast<std::size_t>(targets);
    EXPECT_LE(polls.extra * 10, regular + 10) << targets;
    EXPECT_GT(polls.extra, 100U) << targets;
    EXPECT_GE(polls.shortest, seconds(1)) << targets;
  }
}

TEST(Sharpening, KeepsSharperPollsASecondApart) {
  struct Case {
    base::Duration interval;
    base::Duration sharp;
    bool ever;
  };
  for (const Case& one : {Case{seconds(60), seconds(12), true}, Case{seconds(15), seconds(3), true},
                          Case{seconds(3), seconds(1), true}, Case{seconds(1), seconds(1), false},
                          Case{milliseconds(500), seconds(1), false}}) {
    Sharpening sharpening;
    sharpening.add(1, one.interval, true, kStart);
    const Polls polls = poll_for(sharpening, 1, one.interval, kStart + hours(1), minutes(10), true);
    EXPECT_EQ(polls.extra > 0, one.ever) << one.interval.count();
    EXPECT_EQ(sharpening.look(1, kStart + hours(1))->active, one.ever);
    if (one.ever) {
      EXPECT_EQ(polls.shortest, one.sharp);
    }
  }
}

TEST(Sharpening, LeavesATargetAloneThatFailed) {
  Sharpening sharpening;
  sharpening.add(1, seconds(10), true, kStart);
  const base::MonotonicTime later = kStart + hours(1);
  sharpening.poll_ended(1, true, true, later);
  EXPECT_TRUE(sharpening.extra_poll(1, later, later + seconds(10), later));
  sharpening.poll_ended(1, false, true, later + seconds(2));
  EXPECT_FALSE(
      sharpening.extra_poll(1, later + seconds(2), later + seconds(10), later + seconds(2)));
  EXPECT_EQ(sharpening.look(1, later + seconds(2))->left_alone, minutes(1));
  EXPECT_FALSE(sharpening.look(1, later + seconds(2))->active);
  // It answers again, and still has its minute of rest.
  sharpening.poll_ended(1, true, true, later + seconds(30));
  EXPECT_FALSE(
      sharpening.extra_poll(1, later + seconds(30), later + seconds(40), later + seconds(30)));
  sharpening.poll_ended(1, true, true, later + seconds(70));
  EXPECT_TRUE(
      sharpening.extra_poll(1, later + seconds(70), later + seconds(80), later + seconds(70)));
}

TEST(Sharpening, RestsLongerAfterEachFailure) {
  Sharpening sharpening;
  sharpening.add(1, seconds(10), true, kStart);
  base::MonotonicTime now = kStart;
  for (const base::Duration want : {minutes(1), minutes(2), minutes(4), minutes(8), minutes(16),
                                    minutes(32), minutes(60), minutes(60)}) {
    sharpening.poll_ended(1, false, true, now);
    EXPECT_EQ(sharpening.look(1, now)->left_alone, want);
    now += want;
  }
  // A day later it is as if nothing had been.
  now += hours(24);
  sharpening.poll_ended(1, false, true, now);
  EXPECT_EQ(sharpening.look(1, now)->left_alone, minutes(1));
}

TEST(Sharpening, ForgetsTargetsThatAreGone) {
  Sharpening sharpening;
  sharpening.add(1, seconds(10), true, kStart);
  sharpening.add(1, seconds(20), true, kStart);
  EXPECT_EQ(sharpening.look(1, kStart)->interval, seconds(4));
  sharpening.remove(1, kStart);
  sharpening.remove(1, kStart);
  EXPECT_FALSE(sharpening.look(1, kStart));
  sharpening.poll_ended(1, true, true, kStart);
  EXPECT_FALSE(sharpening.extra_poll(1, kStart, kStart + seconds(10), kStart));
}

}  // namespace
}  // namespace tocsin::sources
