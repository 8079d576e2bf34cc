// What a full memory and late senders meet: what is taken, and that it is kept.
#include <gtest/gtest.h>

#include "blocks/keeper.h"
#include "keeper_world.h"

namespace tocsin::blocks {
namespace {

class KeeperLimits : public KeeperWorld {
 protected:
  series::AppendOutcome push(int series, base::Duration age) {
    const std::int64_t time_ms = clock_.now_ms - age.count();
    series::Appender appender = store_->appender(1);
    const auto done = appender.append(labels(series), {time_ms, value(series, time_ms)});
    appender.commit();
    return *done;
  }
  void pass() { store_->expire(clock_.wall_now()); }
};

using series::AppendOutcome;

TEST_F(KeeperLimits, ASenderThatCatchesUpIsHeardAnHourBack) {
  options_.window = std::chrono::minutes(15);
  open();
  pass();
  EXPECT_EQ(push(1, std::chrono::minutes(50)), AppendOutcome::kStored);
  EXPECT_EQ(push(1, std::chrono::minutes(20)), AppendOutcome::kStored);
  EXPECT_EQ(push(1, std::chrono::minutes(30)), AppendOutcome::kOutOfOrder);
  EXPECT_EQ(push(2, std::chrono::minutes(61)), AppendOutcome::kTooOld);
  pass();
  expect_samples(1, 2);
  ASSERT_TRUE(loop_.run(keeper_->flush()));
  kill_and_open();
  pass();
  expect_samples(1, 2);
  ASSERT_TRUE(loop_.run(keeper_->seal()));
  pass();
  expect_samples(1, 2);
  EXPECT_EQ(store_->stats().series, 0U) << "memory holds the window";
  EXPECT_EQ(keeper_->stats().unsealed_dropped_total, 0U);
}

TEST_F(KeeperLimits, ASeriesThatLeftMemoryStaysInOrder) {
  options_.window = std::chrono::minutes(15);
  open();
  append(2);
  clock_.now_ms += 30 * 60'000;
  ASSERT_TRUE(loop_.run(keeper_->seal()));
  pass();
  ASSERT_EQ(store_->stats().series, 0U);
  EXPECT_EQ(push(1, std::chrono::minutes(40)), AppendOutcome::kOutOfOrder);
  EXPECT_EQ(push(1, std::chrono::minutes(25)), AppendOutcome::kStored);
  expect_samples(1, 2);
  ASSERT_TRUE(loop_.run(keeper_->seal()));
  kill_and_open();
  pass();
  expect_samples(1, 2);
  EXPECT_NE(push(1, std::chrono::minutes(28)), AppendOutcome::kStored);
}

TEST_F(KeeperLimits, WhatAShortMemoryWouldNotKeepIsNotTaken) {
  options_.window = std::chrono::minutes(15);
  options_.memory_bytes = 1;
  open();
  append(2);
  loop_.run(keeper_->bound_memory());
  EXPECT_EQ(push(1, std::chrono::minutes(20)), AppendOutcome::kTooOld);
  options_.memory_bytes = 0;
  keeper_->configure(options_);
}

TEST_F(KeeperLimits, AlertsOfRulesGoOnWhileMemoryIsShort) {
  options_.memory_bytes = 1;
  options_.min_window = options_.window;
  open();
  append(2);
  loop_.run(keeper_->bound_memory());
  ASSERT_TRUE(keeper_->stats().memory_short);
  series::Appender target = store_->appender(1);
  EXPECT_FALSE(target.append(labels(9), {clock_.now_ms, 1}));
  target.commit();
  series::Appender rules = store_->appender(0);
  EXPECT_TRUE(rules.put({{"__name__", "ALERTS"}, {"alertname", "A"}}, {clock_.now_ms, 1}));
  rules.commit();
  loop_.run(keeper_->bound_memory());
  series::Appender again = store_->appender(1);
  EXPECT_FALSE(again.append(labels(9), {clock_.now_ms, 1})) << "what rules made is no room";
}

}  // namespace
}  // namespace tocsin::blocks
