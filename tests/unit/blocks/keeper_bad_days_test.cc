// What disks, clocks and targets do to the keeper, and that the rest goes on.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "blocks/keeper.h"
#include "keeper_world.h"
#include "series/chunk.h"
#include "support/stuck_disk.h"

namespace tocsin::blocks {
namespace {

class KeeperBadDays : public KeeperWorld {
 protected:
  void meddle(const std::string& sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(options_.path.c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(handle);
  }
  /// Three blocks of an hour each.
  void three_hours() {
    for (int hour = 0; hour < 3; ++hour) {
      for (int minute = 0; minute < 60; ++minute) {
        append(2, std::chrono::minutes(1));
      }
      ASSERT_TRUE(loop_.run(keeper_->seal()));
    }
  }
};

TEST_F(KeeperBadDays, ABlockWithAFlippedBitIsSetAsideAndTheOthersServe) {
  options_.window = std::chrono::minutes(15);
  open();
  three_hours();
  close();
  // One bit of the second block, far behind its head.
  meddle(
      "update block_bytes set payload = cast(substr(payload, 1, 200) || x'ff' ||"
      " substr(payload, 202) as blob) where id = 2");
  open();
  store_->expire(clock_.wall_now());
  expect_samples(0, 120);
  EXPECT_EQ(keeper_->stats().damaged_total, 1U);
  EXPECT_EQ(keeper_->stats().blocks, 2U);
  EXPECT_TRUE(said("a block of samples is damaged"));
  expect_samples(1, 120);
}

TEST_F(KeeperBadDays, ADamagedBlockAtTheStartDoesNotStopIt) {
  open();
  three_hours();
  close();
  meddle("update block_bytes set payload = x'00' where id = 3");
  const RestoreReport report = open();
  EXPECT_EQ(report.damaged_blocks, 1U);
  append(2);
  expect_samples(0, 121);
}

TEST_F(KeeperBadDays, ATornLogLosesItsTornRowsOnly) {
  open();
  for (int i = 0; i < 3; ++i) {
    append(2);
    ASSERT_TRUE(loop_.run(keeper_->flush()));
  }
  close();
  meddle("update log set payload = substr(payload, 1, length(payload) - 3) where sequence = 2");
  const RestoreReport report = open();
  EXPECT_EQ(report.damaged_log_rows, 1U);
  EXPECT_EQ(report.log_rows, 2U);
  expect_samples(0, 2);
}

TEST_F(KeeperBadDays, ADamagedFileIsMovedAside) {
  open();
  append(2);
  ASSERT_TRUE(loop_.run(keeper_->flush()));
  close();
  std::FILE* file = std::fopen(options_.path.c_str(), "r+b");
  ASSERT_NE(file, nullptr);
  std::fputs("this is no database any more, is it?", file);
  std::fclose(file);
  const RestoreReport report = open();
  EXPECT_TRUE(report.moved_aside);
  EXPECT_EQ(report.series, 2U) << "only its head is damaged";
  append(2);
  ASSERT_TRUE(loop_.run(keeper_->flush()));
  EXPECT_EQ(kill_and_open().series, 2U);
}

TEST_F(KeeperBadDays, AFullDiskCostsHistoryNotDetection) {
  options_.max_file_bytes = 400'000;
  options_.max_backlog = 20'000;
  open();
  for (int i = 0; i < 400; ++i) {
    append(200);
    const base::Status flushed = loop_.run(keeper_->flush());
    if (!flushed) {
      EXPECT_EQ(flushed.error().code(), base::ErrorCode::kUnavailable);
    }
  }
  EXPECT_FALSE(loop_.run(keeper_->seal()));
  KeeperStats stats = keeper_->stats();
  EXPECT_FALSE(stats.writable);
  EXPECT_GT(stats.write_failures_total, 0U);
  EXPECT_GT(stats.given_up_samples_total, 0U);
  EXPECT_TRUE(said("samples cannot be written"));
  EXPECT_EQ(samples(17).size(), 400U) << "memory goes on";
  // Somebody makes room.
  options_.max_file_bytes = 0;
  disk_full_ = true;
  close();
  disk_full_ = false;
  const RestoreReport report = open();
  EXPECT_EQ(report.series, 200U);
  EXPECT_EQ(report.damaged_log_rows, 0U);
  append(200);
  EXPECT_TRUE(loop_.run(keeper_->flush()));
  EXPECT_TRUE(loop_.run(keeper_->seal()));
}

TEST_F(KeeperBadDays, ADiskThatNeverAnswersCostsHistoryNotDetection) {
  const tocsin::testing::StuckDisk disk(folder_.path());
  options_.flush_every = std::chrono::milliseconds(10);
  options_.patience = std::chrono::milliseconds(50);
  open();
  append(2);
  ASSERT_TRUE(loop_.run(keeper_->flush()));
  keeper_->start();
  disk.stick();
  append(2);
  while (keeper_->stats().writable) {
    append(2);
    turn(std::chrono::milliseconds(20));
  }
  EXPECT_TRUE(said("samples cannot be written; detection goes on from memory"));
  EXPECT_GT(keeper_->stats().write_failures_total, 0U);
  append(2);
  const std::size_t in_memory = samples(1).size();
  EXPECT_GE(in_memory, 4U);
  disk.release();
  while (!keeper_->stats().writable) {
    turn(std::chrono::milliseconds(20));
  }
  EXPECT_TRUE(said("samples are written again"));
  EXPECT_TRUE(loop_.run(keeper_->seal()));
  close();
  open();
  expect_samples(1, in_memory);
}

TEST_F(KeeperBadDays, ADiskThatNeverAnswersDoesNotHoldUpTheEnd) {
  const tocsin::testing::StuckDisk disk(folder_.path());
  open();
  append(2);
  ASSERT_TRUE(loop_.run(keeper_->flush()));
  disk.stick();
  append(2);
  const base::Status stopped = loop_.run(keeper_->stop(loop_.in(std::chrono::milliseconds(100))));
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code(), base::ErrorCode::kTimeout);
  const base::MonotonicTime begun = loop_.clock().monotonic_now();
  keeper_.reset();
  EXPECT_LT(loop_.clock().monotonic_now() - begun, std::chrono::seconds(4));
  disk.release();
}

TEST_F(KeeperBadDays, WithoutAFileTheStoreWorksInMemory) {
  options_.path = folder_.path() + "/none/s.db";
  store_ = std::make_unique<series::Store>(series::StoreOptions{});
  keeper_ = std::make_unique<Keeper>(Keeper::Parts{.executor = loop_.executor(),
                                                   .clock = clock_,
                                                   .timers = loop_.timers(),
                                                   .store = *store_},
                                     options_, KeeperHooks{});
  EXPECT_FALSE(loop_.run(keeper_->open()));
  keeper_->configure(options_);
  keeper_->start();
  append(2);
  EXPECT_TRUE(store_->take_log().empty());
  EXPECT_TRUE(loop_.run(keeper_->flush()));
  EXPECT_TRUE(loop_.run(keeper_->seal()));
  EXPECT_FALSE(keeper_->stats().writable);
  EXPECT_EQ(store_->retention(), options_.window) << "what cannot be sealed is not kept for weeks";
}

TEST_F(KeeperBadDays, WithoutAFileMemoryIsBoundedToo) {
  options_.path = "";
  options_.memory_bytes = 500'000;
  store_ = std::make_unique<series::Store>(series::StoreOptions{});
  keeper_ = std::make_unique<Keeper>(Keeper::Parts{.executor = loop_.executor(),
                                                   .clock = clock_,
                                                   .timers = loop_.timers(),
                                                   .store = *store_},
                                     options_, KeeperHooks{});
  EXPECT_FALSE(loop_.run(keeper_->open()));
  keeper_->configure(options_);
  for (int i = 0; i < 400; ++i) {
    append(500);
    if (i % 20 == 0) {
      loop_.run(keeper_->bound_memory());
    }
  }
  store_->expire(clock_.wall_now());
  EXPECT_LT(samples(17).size(), 400U);
  EXPECT_LT(store_->stats().bytes, 1U << 20);
  EXPECT_GE(samples(17).size(), 40U) << "the shortest window stays";
}

TEST_F(KeeperBadDays, ADiskThatRefusesForLongCostsOldSamplesNotMemory) {
  options_.max_file_bytes = 300'000;
  options_.max_backlog = 20'000;
  options_.memory_bytes = 300'000;
  options_.window = std::chrono::minutes(15);
  open();
  for (int i = 0; i < 2000; ++i) {
    append(100);
    if (i % 20 == 0) {
      const base::Status flushed = loop_.run(keeper_->flush());
      static_cast<void>(flushed);
      loop_.run(keeper_->bound_memory());
      store_->expire(clock_.wall_now());
    }
  }
  const KeeperStats stats = keeper_->stats();
  EXPECT_FALSE(stats.writable);
  EXPECT_TRUE(said("storage.memory"));
  EXPECT_GT(stats.unsealed_dropped_total, 0U);
  EXPECT_LT(store_->stats().bytes, 600'000U);
  EXPECT_GE(samples(17).size(), 40U);
  append(101);  // new series are welcome: there is room
  disk_full_ = true;
  close();
}

TEST_F(KeeperBadDays, WhatNoDiskTookInHoursLeavesMemory) {
  options_.max_file_bytes = 100'000;
  options_.window = std::chrono::minutes(15);
  options_.max_unsealed = std::chrono::hours(1);
  open();
  for (int i = 0; i < 480; ++i) {
    append(100);
    const base::Status flushed = loop_.run(keeper_->flush());
    static_cast<void>(flushed);
  }
  store_->expire(clock_.wall_now());
  EXPECT_LE(samples(3).size(), 240U + 2 * series::kChunkSamples);
  EXPECT_GE(samples(3).size(), 240U);
  EXPECT_GT(keeper_->stats().unsealed_dropped_total, 0U);
  disk_full_ = true;
  close();
}

TEST_F(KeeperBadDays, SamplesFromTheFutureMoveWithTheClock) {
  open();
  for (int i = 0; i < 10; ++i) {
    append(1);
  }
  ASSERT_TRUE(loop_.run(keeper_->flush()));
  clock_.now_ms -= 86'400'000;  // the clock had been a day ahead
  const RestoreReport report = kill_and_open();
  EXPECT_LT(report.shifted, -std::chrono::hours(23));
  append(1);
  append(1);
  EXPECT_EQ(samples(0).size(), 12U);
}

TEST_F(KeeperBadDays, AnExplosionOfSeriesCutsTheWindowThenRefusesNewSeries) {
  options_.memory_bytes = 4 << 20;
  options_.window = std::chrono::hours(2);
  open();
  for (int i = 0; i < 240; ++i) {
    append(10);
  }
  std::uint64_t refused = 0;
  for (int i = 0; i < 40'000; ++i) {
    series::Appender appender = store_->appender(1);
    const model::Labels one{{"__name__", "requests"}, {"request_id", std::to_string(i)}};
    refused += appender.append(one, {clock_.now_ms, 1}) ? 0U : 1U;
    appender.commit();
    if (i % 1000 == 0) {
      loop_.run(keeper_->bound_memory());
    }
  }
  EXPECT_TRUE(keeper_->stats().memory_short);
  EXPECT_EQ(keeper_->stats().window, options_.min_window);
  EXPECT_GT(refused, 10'000U);
  EXPECT_LT(store_->stats().bytes, 6U << 20);
  EXPECT_TRUE(said("storage.memory"));
  clock_.now_ms += 15'000;
  append(10);  // known series go on
  expect_samples(3, 241);
  // The explosion passes.
  clock_.now_ms += 3600'000;
  append(10);
  ASSERT_TRUE(loop_.run(keeper_->seal()));
  store_->expire(clock_.wall_now());
  for (int i = 0; i < 10; ++i) {
    loop_.run(keeper_->bound_memory());
  }
  EXPECT_FALSE(keeper_->stats().memory_short);
  append(20);
}

TEST_F(KeeperBadDays, AQueryThatWantsTooMuchIsRefused) {
  options_.window = std::chrono::minutes(15);
  options_.query_bytes = 1000;
  open();
  three_hours();
  store_->expire(clock_.wall_now());
  const auto loaded = loop_.run(keeper_->load({{{}, -kEver, kEver}}));
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), base::ErrorCode::kLimitExceeded);
}

}  // namespace
}  // namespace tocsin::blocks
