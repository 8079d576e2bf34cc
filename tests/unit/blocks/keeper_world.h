#pragma once

#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "blocks/keeper.h"
#include "series/log.h"
#include "support/real_loop.h"
#include "support/temporary_folder.h"

namespace tocsin::blocks {

/// A wall clock that a test sets; monotonic time is real.
class SetClock final : public base::Clock {
 public:
  explicit SetClock(const base::Clock& real) : real_(real) {}
  base::WallTime wall_now() const override { return base::from_millis(now_ms); }
  base::MonotonicTime monotonic_now() const override { return real_.monotonic_now(); }

  std::int64_t now_ms = 1'800'000'000'000;

 private:
  const base::Clock& real_;
};

/// A store with its keeper on a file, which can be ended as by a kill and begun again.
class KeeperWorld : public ::testing::Test {
 protected:
  static constexpr std::int64_t kEver = std::numeric_limits<std::int64_t>::max();

  RestoreReport open() {
    store_ = std::make_unique<series::Store>(series::StoreOptions{});
    keeper_ = std::make_unique<Keeper>(
        Keeper::Parts{.executor = loop_.executor(),
                      .clock = clock_,
                      .timers = loop_.timers(),
                      .store = *store_},
        options_,
        KeeperHooks{.warn = [this](const std::string& message,
                                   const std::string&) { said_.push_back(message); },
                    .error = [this](const std::string& message,
                                    const std::string&) { said_.push_back(message); }});
    auto report = loop_.run(keeper_->open());
    EXPECT_TRUE(report) << report.error().to_string();
    return report ? *report : RestoreReport();
  }
  /// Nothing that is not on disk survives.
  RestoreReport kill_and_open() {
    close();
    return open();
  }
  void close() {
    if (keeper_) {
      store_->take_log();
      const base::Status stopped = loop_.run(keeper_->stop(loop_.in(std::chrono::seconds(5))));
      EXPECT_EQ(stopped.has_value(), !disk_full_);
      keeper_.reset();
    }
  }
  void TearDown() override { close(); }

  static model::Labels labels(int series) {
    return {{"__name__", "m"}, {"i", std::to_string(series)}};
  }
  /// One sample of each of `series` series, now; then time goes on.
  void append(int series, base::Duration step = std::chrono::seconds(15)) {
    series::Appender appender = store_->appender(1);
    for (int i = 0; i < series; ++i) {
      const auto done = appender.append(labels(i), {clock_.now_ms, value(i, clock_.now_ms)});
      ASSERT_TRUE(done);
      ASSERT_EQ(*done, series::AppendOutcome::kStored);
    }
    appender.commit();
    clock_.now_ms += step.count();
  }
  static double value(int series, std::int64_t time_ms) {
    return static_cast<double>(time_ms % 1'000'003) + series * 0.5;
  }

  /// All samples of a series, read with whatever blocks are needed.
  std::vector<model::Sample> samples(int series, std::int64_t from = -kEver) {
    const std::vector<series::Selection> selections = {
        {{*model::Matcher::make(model::MatchKind::kEqual, "i", std::to_string(series))},
         from,
         kEver}};
    const auto older = loop_.run(keeper_->load(selections));
    EXPECT_TRUE(older) << older.error().to_string();
    const series::Snapshot snapshot = store_->snapshot(selections, *older);
    std::vector<model::Sample> found;
    for (const series::PinnedSeries& one : snapshot.series(0)) {
      one.samples->read(from, kEver, found);
    }
    return found;
  }
  void expect_samples(int series, std::size_t count) {
    const std::vector<model::Sample> found = samples(series);
    EXPECT_EQ(found.size(), count);
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].value, value(series, found[i].time_ms));
      EXPECT_TRUE(i == 0 || found[i - 1].time_ms < found[i].time_ms);
    }
  }
  /// Lets tasks of the keeper go on for so long.
  void turn(base::Duration time) { loop_.run(sleep(time)); }
  async::Task<> sleep(base::Duration time) {
    const base::Status slept =
        co_await loop_.timers().sleep_until(loop_.clock().monotonic_now() + time);
    static_cast<void>(slept);
  }
  bool said(const std::string& part) const {
    for (const std::string& message : said_) {
      if (message.find(part) != std::string::npos) {
        return true;
      }
    }
    return false;
  }

  tocsin::testing::TemporaryFolder folder_;
  tocsin::testing::RealLoop loop_;
  SetClock clock_{loop_.clock()};
  KeeperOptions options_{.path = folder_.path() + "/s.db"};
  std::unique_ptr<series::Store> store_;
  std::unique_ptr<Keeper> keeper_;
  std::vector<std::string> said_;
  bool disk_full_ = false;  // the last writes cannot succeed
};

}  // namespace tocsin::blocks
