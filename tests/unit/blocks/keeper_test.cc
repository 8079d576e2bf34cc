#include "blocks/keeper.h"

#include <gtest/gtest.h>

#include "keeper_world.h"

namespace tocsin::blocks {
namespace {

class KeeperTest : public KeeperWorld {
 protected:
  /// A sample that states its time.
  void append_at(int series, std::int64_t time_ms) {
    series::Appender appender = store_->appender(1);
    const auto done = appender.append(labels(series), {time_ms, value(series, time_ms)});
    ASSERT_TRUE(done);
    EXPECT_EQ(*done, series::AppendOutcome::kStored);
    appender.commit();
  }
};

TEST_F(KeeperTest, AnEmptyFileIsAnEmptyStore) {
  const RestoreReport report = open();
  EXPECT_EQ(report.series, 0U);
  EXPECT_EQ(keeper_->stats().blocks, 0U);
}

TEST_F(KeeperTest, WhatWasLoggedComesBack) {
  open();
  for (int i = 0; i < 50; ++i) {
    append(10);
  }
  ASSERT_TRUE(loop_.run(keeper_->flush()));
  append(10);  // is not logged any more
  const RestoreReport report = kill_and_open();
  EXPECT_EQ(report.series, 10U);
  EXPECT_EQ(report.samples, 500U);
  expect_samples(3, 50);
  append(10);
  expect_samples(3, 51);
}

TEST_F(KeeperTest, WhatWasSealedComesBackWithTheLogBehindIt) {
  open();
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 20; ++i) {
      append(10);
    }
    ASSERT_TRUE(loop_.run(keeper_->seal()));
  }
  EXPECT_EQ(keeper_->stats().log_bytes, 0U);
  append(10);
  ASSERT_TRUE(loop_.run(keeper_->flush()));
  const RestoreReport report = kill_and_open();
  EXPECT_EQ(report.series, 10U);
  EXPECT_EQ(report.log_rows, 1U);
  expect_samples(0, 101);
  expect_samples(9, 101);
}

TEST_F(KeeperTest, ARestoredSeriesIsNewToWhoeverWritesItFirst) {
  open();
  append(2);
  ASSERT_TRUE(loop_.run(keeper_->seal()));
  kill_and_open();
  series::Appender appender = store_->appender(7);
  ASSERT_TRUE(appender.append(labels(0), {clock_.now_ms, 1}));
  const series::CommitResult result = appender.commit();
  ASSERT_EQ(result.created.size(), 1U);
  EXPECT_EQ(store_->origin_of(result.created[0].ref), 7U);
}

TEST_F(KeeperTest, OldSamplesLeaveMemoryAndAreReadFromBlocks) {
  options_.window = std::chrono::minutes(15);
  options_.history_bytes = 1 << 20;
  open();
  for (int i = 0; i < 960; ++i) {  // four hours
    append(3);
    if (i % 240 == 239) {
      ASSERT_TRUE(loop_.run(keeper_->seal()));
      store_->expire(clock_.wall_now());
    }
  }
  EXPECT_LT(store_->stats().samples, 3U * 400);
  expect_samples(1, 960);
  const std::uint64_t read = keeper_->stats().read_blocks_total;
  expect_samples(1, 960);
  EXPECT_EQ(keeper_->stats().read_blocks_total, read) << "the second time they are at hand";
  // A short look back needs no block.
  const std::vector<series::Selection> near = {
      {{*model::Matcher::make(model::MatchKind::kEqual, "i", "1")},
       clock_.now_ms - 600'000,
       clock_.now_ms}};
  EXPECT_TRUE(store_->needs(near).empty());
}

TEST_F(KeeperTest, SeriesThatHaveEndedAreInBlocksOnly) {
  options_.window = std::chrono::minutes(15);
  open();
  for (int i = 0; i < 100; ++i) {
    append(5);
  }
  for (int i = 0; i < 100; ++i) {
    append(1);
  }
  ASSERT_TRUE(loop_.run(keeper_->seal()));
  store_->expire(clock_.wall_now());
  EXPECT_EQ(store_->stats().series, 1U);
  expect_samples(4, 100);
  expect_samples(0, 200);
  kill_and_open();
  store_->expire(clock_.wall_now());
  expect_samples(4, 100);
  expect_samples(0, 200);
}

TEST_F(KeeperTest, PodsComeAndGoWithoutGrowth) {
  options_.window = std::chrono::minutes(15);
  options_.retention = std::chrono::hours(1);
  open();
  std::size_t series_after_warm_up = 0;
  std::size_t bytes_after_warm_up = 0;
  std::uint64_t disk_after_warm_up = 0;
  for (int hour = 0; hour < 12; ++hour) {
    for (int pod = 0; pod < 60; ++pod) {
      series::Appender appender = store_->appender(1);
      const std::string name = "pod-" + std::to_string(hour) + "-" + std::to_string(pod);
      for (int i = 0; i < 20; ++i) {
        const model::Labels one{{"__name__", "m" + std::to_string(i)}, {"pod", name}};
        ASSERT_TRUE(appender.append(one, {clock_.now_ms, 1.0 * i}));
      }
      appender.commit();
      clock_.now_ms += 60'000;
    }
    ASSERT_TRUE(loop_.run(keeper_->seal()));
    store_->expire(clock_.wall_now());
    ASSERT_TRUE(loop_.run(keeper_->drop_old()));
    if (hour == 3) {
      series_after_warm_up = store_->stats().series;
      bytes_after_warm_up = store_->stats().bytes;
      disk_after_warm_up = keeper_->stats().block_bytes;
    }
  }
  EXPECT_LE(store_->stats().series, series_after_warm_up * 11 / 10);
  EXPECT_LE(store_->stats().bytes, bytes_after_warm_up * 11 / 10);
  EXPECT_LE(keeper_->stats().block_bytes, disk_after_warm_up * 11 / 10);
  EXPECT_LE(keeper_->stats().blocks, 3U);
}

TEST_F(KeeperTest, RetentionDropsBlocksByTime) {
  options_.retention = std::chrono::hours(2);
  options_.window = std::chrono::minutes(15);
  open();
  for (int i = 0; i < 6; ++i) {
    for (int minute = 0; minute < 60; ++minute) {
      append(1, std::chrono::minutes(1));
    }
    ASSERT_TRUE(loop_.run(keeper_->seal()));
    store_->expire(clock_.wall_now());
    ASSERT_TRUE(loop_.run(keeper_->drop_old()));
  }
  EXPECT_EQ(keeper_->stats().blocks, 2U);
  EXPECT_EQ(keeper_->stats().dropped_blocks_total, 4U);
  expect_samples(0, 120);
}

TEST_F(KeeperTest, RetentionDropsTheOldestBlocksBySize) {
  open();
  for (int i = 0; i < 6; ++i) {
    for (int minute = 0; minute < 60; ++minute) {
      append(10, std::chrono::minutes(1));
    }
    ASSERT_TRUE(loop_.run(keeper_->seal()));
  }
  const std::uint64_t all = keeper_->stats().block_bytes;
  options_.retention_bytes = all / 2;
  keeper_->configure(options_);
  ASSERT_TRUE(loop_.run(keeper_->drop_old()));
  EXPECT_LE(keeper_->stats().block_bytes, all / 2);
  EXPECT_EQ(keeper_->stats().blocks, 3U);
}

TEST_F(KeeperTest, ValuesThatWereReplacedAfterTheSealAreRight) {
  options_.window = std::chrono::minutes(15);
  open();
  const auto put = [this](std::int64_t time_ms, double value) {
    series::Appender appender = store_->appender(0);
    ASSERT_TRUE(appender.put(labels(0), {time_ms, value}));
    appender.commit();
  };
  const std::int64_t slot = clock_.now_ms;
  put(slot, 1);
  ASSERT_TRUE(loop_.run(keeper_->seal()));
  put(slot, 2);
  put(slot + 15'000, 3);
  ASSERT_TRUE(loop_.run(keeper_->seal()));
  put(slot + 15'000, 4);
  ASSERT_TRUE(loop_.run(keeper_->flush()));
  kill_and_open();
  std::vector<model::Sample> found = samples(0);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].value, 2);
  EXPECT_EQ(found[1].value, 4);
  clock_.now_ms += 3'600'000;
  put(clock_.now_ms, 5);
  ASSERT_TRUE(loop_.run(keeper_->seal()));
  store_->expire(clock_.wall_now());
  EXPECT_EQ(store_->stats().samples, 1U);
  found = samples(0);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].value, 2);
  EXPECT_EQ(found[1].value, 4);
}

TEST_F(KeeperTest, TheLoopsFlushAndSealByThemselves) {
  options_.flush_every = std::chrono::milliseconds(5);
  options_.seal_log_bytes = 1000;
  open();
  keeper_->start();
  for (int i = 0; i < 300 && keeper_->stats().sealed_blocks_total == 0; ++i) {
    append(50);
    ASSERT_TRUE(loop_.run(loop_.timers().sleep_until(loop_.in(std::chrono::milliseconds(5)))));
  }
  EXPECT_GT(keeper_->stats().sealed_blocks_total, 0U);
}

TEST_F(KeeperTest, WhatRulesWantIsReadInTheBackground) {
  options_.window = std::chrono::minutes(15);
  open();
  for (int i = 0; i < 480; ++i) {
    append(1);
  }
  ASSERT_TRUE(loop_.run(keeper_->seal()));
  store_->expire(clock_.wall_now());
  keeper_->start();
  const std::vector<series::Selection> far = {
      {{*model::Matcher::make(model::MatchKind::kEqual, "i", "0")}, 0, clock_.now_ms}};
  EXPECT_TRUE(store_->reaches_past_memory(far));
  EXPECT_FALSE(store_->needs(far).empty());
  keeper_->want(far);
  for (int i = 0; i < 500 && !store_->needs(far).empty(); ++i) {
    ASSERT_TRUE(loop_.run(loop_.timers().sleep_until(loop_.in(std::chrono::milliseconds(2)))));
  }
  EXPECT_TRUE(store_->needs(far).empty());
}

TEST_F(KeeperTest, AShiftOfTimeIsRemembered) {
  open();
  for (int i = 0; i < 20; ++i) {
    append(1);
  }
  clock_.now_ms -= 3600'000;
  store_->shift_times(-std::chrono::hours(1));
  append(1);
  ASSERT_TRUE(loop_.run(keeper_->flush()));
  kill_and_open();
  EXPECT_EQ(store_->shift(), -std::chrono::hours(1));
  const std::vector<model::Sample> found = samples(0);
  ASSERT_EQ(found.size(), 21U);
  EXPECT_EQ(found.back().time_ms, clock_.now_ms - 15'000);
}

TEST_F(KeeperTest, WhatLiesBeforeTheRetentionIsRefusedFromTheStart) {
  constexpr std::int64_t kDayMs = 86'400'000;
  const auto refuses = [this](std::int64_t time_ms) {
    series::Appender appender = store_->appender(1);
    const auto done = appender.append(labels(5), {time_ms, 1});
    EXPECT_EQ(appender.commit().refused, 1U) << time_ms;
    return done && *done == series::AppendOutcome::kTooOld;
  };
  for (const bool with_file : {true, false}) {
    if (with_file) {
      open();
    } else {
      close();
      options_.path.clear();
      store_ = std::make_unique<series::Store>(series::StoreOptions{});
      keeper_ = std::make_unique<Keeper>(Keeper::Parts{.executor = loop_.executor(),
                                                       .clock = clock_,
                                                       .timers = loop_.timers(),
                                                       .store = *store_},
                                         options_, KeeperHooks{});
      keeper_->configure(options_);
    }
    const std::int64_t old_ms = with_file ? 16 * kDayMs : kDayMs / 8;
    for (const std::int64_t time_ms :
         {std::int64_t{-5}, std::int64_t{0}, std::numeric_limits<std::int64_t>::min(),
          clock_.now_ms - old_ms}) {
      EXPECT_TRUE(refuses(time_ms)) << time_ms << ' ' << with_file;
    }
    append_at(6, clock_.now_ms - 3600'000);
  }
}

TEST_F(KeeperTest, TimesOfTheFutureThatATargetStatesMoveNothing) {
  open();
  for (int start = 0; start < 3; ++start) {
    for (int i = 0; i < 5; ++i) {
      append_at(9, clock_.now_ms + 540'000);
      append(1);
    }
    ASSERT_TRUE(loop_.run(start == 1 ? keeper_->seal() : keeper_->flush()));
    const RestoreReport report = kill_and_open();
    EXPECT_EQ(report.shifted, base::Duration{0});
    EXPECT_EQ(store_->shift(), base::Duration{0});
    const std::vector<model::Sample> healthy = samples(0);
    ASSERT_FALSE(healthy.empty());
    EXPECT_EQ(healthy.back().time_ms, clock_.now_ms - 15'000);
    EXPECT_EQ(samples(9).back().time_ms, clock_.now_ms - 15'000 + 540'000);
  }
  expect_samples(0, 15);
}

TEST_F(KeeperTest, APushOfTheFutureMovesNothingAfterAKill) {
  open();
  append_at(9, clock_.now_ms + 540'000);
  ASSERT_TRUE(loop_.run(keeper_->flush()));
  EXPECT_EQ(kill_and_open().shifted, base::Duration{0});
  EXPECT_EQ(samples(9).back().time_ms, clock_.now_ms + 540'000);
}

TEST_F(KeeperTest, AClockSetBackMovesByThatMuchWhateverTargetsState) {
  open();
  append_at(9, clock_.now_ms + 540'000);
  append(1, base::Duration{0});
  ASSERT_TRUE(loop_.run(keeper_->flush()));
  clock_.now_ms -= 3600'000;
  EXPECT_EQ(kill_and_open().shifted, -std::chrono::hours(1));
  EXPECT_EQ(samples(0).back().time_ms, clock_.now_ms);
  EXPECT_EQ(samples(9).back().time_ms, clock_.now_ms + 540'000);
  // Once is enough.
  clock_.now_ms += 1;
  append(1, base::Duration{0});
  ASSERT_TRUE(loop_.run(keeper_->flush()));
  EXPECT_EQ(kill_and_open().shifted, base::Duration{0});
}

TEST_F(KeeperTest, AStepBackThatNobodySawBeforeTheKillCountsAtTheStart) {
  open();
  append(1, base::Duration{0});
  ASSERT_TRUE(loop_.run(keeper_->flush()));
  clock_.now_ms -= 3600'000;
  append_at(9, clock_.now_ms);
  ASSERT_TRUE(loop_.run(keeper_->flush()));
  EXPECT_EQ(kill_and_open().shifted, -std::chrono::hours(1));
  EXPECT_EQ(samples(0).back().time_ms, clock_.now_ms);
}

TEST_F(KeeperTest, BlocksWithTimesOfTheFutureDoNotStopWhatComesNow) {
  options_.restore_bytes = 1;
  open();
  for (int i = 0; i < 3; ++i) {
    append_at(9, clock_.now_ms + 540'000);
    append(1);
    ASSERT_TRUE(loop_.run(keeper_->seal()));
  }
  kill_and_open();
  append(1);
  expect_samples(0, 4);
}

}  // namespace
}  // namespace tocsin::blocks
