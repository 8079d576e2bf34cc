// Native histograms outlive the process as floats do.
#include <gtest/gtest.h>

#include "keeper_world.h"

namespace tocsin::blocks {
namespace {

class KeeperHistograms : public KeeperWorld {
 protected:
  static const model::Labels& name() {
    static const model::Labels kName = {{"__name__", "h"}};
    return kName;
  }
  static model::HistogramPtr of(double count) {
    auto histogram = std::make_shared<model::Histogram>();
    histogram->schema = 3;
    histogram->count = count;
    histogram->sum = count * 0.25;
    histogram->positive = {{-2, count - 1}, {5, 1}};
    return histogram;
  }

  /// A histogram each 15 s; every tenth sample is a float.
  void observe(int samples) {
    for (int i = 0; i < samples; ++i, ++number_, clock_.now_ms += 15'000) {
      series::Appender appender = store_->appender(1);
      if (number_ % 10 == 9) {
        ASSERT_TRUE(appender.append(name(), {clock_.now_ms, 1.0 * number_}));
      } else {
        ASSERT_TRUE(appender.append(
            name(), {clock_.now_ms, of(number_ + 1), clock_.now_ms - 1000 * number_}));
      }
      appender.commit();
    }
  }

  /// Everything that was observed is there, in order, with the hints that the first look gave.
  void expect_all() {
    const std::vector<series::Selection> all = {{{}, -kEver, kEver}};
    const auto older = loop_.run(keeper_->load(all));
    ASSERT_TRUE(older);
    const series::Snapshot snapshot = store_->snapshot(all, *older);
    ASSERT_EQ(snapshot.series(0).size(), 1U);
    series::Points points;
    snapshot.series(0)[0].samples->read_points(-kEver, kEver, points);
    EXPECT_EQ(points.size(), static_cast<std::size_t>(number_));
    EXPECT_EQ(points.floats.size(), static_cast<std::size_t>(number_ / 10));
    for (std::size_t i = 0; i < points.histograms.size(); ++i) {
      const model::HistogramSample& sample = points.histograms[i];
      const auto number = static_cast<int>(sample.histogram->count) - 1;
      EXPECT_TRUE(model::same_distribution(*sample.histogram, *of(number + 1)));
      EXPECT_EQ(sample.start_ms, sample.time_ms - 1000 * number);
      EXPECT_TRUE(i == 0 || sample.time_ms > points.histograms[i - 1].time_ms);
      const bool follows_one = number % 10 != 0;
      EXPECT_EQ(sample.histogram->reset,
                follows_one ? model::CounterReset::kNotReset : model::CounterReset::kUnknown)
          << number;
    }
    const auto newest = snapshot.series(0)[0].samples->newest_point(-kEver, kEver);
    ASSERT_TRUE(newest);
    EXPECT_EQ(newest->time_ms, clock_.now_ms - 15'000);
  }

  int number_ = 0;
};

TEST_F(KeeperHistograms, ComeBackFromTheLog) {
  open();
  observe(25);
  ASSERT_TRUE(loop_.run(keeper_->flush()));
  const RestoreReport report = kill_and_open();
  EXPECT_EQ(report.series, 1U);
  EXPECT_EQ(report.samples, 25U);
  expect_all();
  observe(3);
  expect_all();
}

TEST_F(KeeperHistograms, ComeBackFromBlocksWithTheLogBehind) {
  open();
  observe(25);
  ASSERT_TRUE(loop_.run(keeper_->seal()));
  observe(40);
  ASSERT_TRUE(loop_.run(keeper_->seal()));
  observe(7);
  ASSERT_TRUE(loop_.run(keeper_->flush()));
  kill_and_open();
  expect_all();
}

TEST_F(KeeperHistograms, AreReadOfBlocksWhenTheyHaveLeftMemory) {
  options_.window = std::chrono::minutes(15);
  open();
  for (int hour = 0; hour < 3; ++hour) {
    observe(240);
    ASSERT_TRUE(loop_.run(keeper_->seal()));
    store_->expire(clock_.wall_now());
  }
  EXPECT_LT(store_->stats().samples, 300U);
  expect_all();
  kill_and_open();
  expect_all();
}

TEST_F(KeeperHistograms, AreNotForgottenBeforeABlockHoldsThem) {
  options_.window = std::chrono::minutes(15);
  open();
  observe(480);
  store_->expire(clock_.wall_now());
  EXPECT_EQ(store_->stats().samples, 480U);
  expect_all();
}

TEST_F(KeeperHistograms, AReplacedOneIsRightAfterASealAndAStart) {
  open();
  observe(3);
  ASSERT_TRUE(loop_.run(keeper_->seal()));
  const std::int64_t slot = clock_.now_ms;
  const auto put = [&](double count) {
    series::Appender appender = store_->appender(1);
    ASSERT_TRUE(appender.put(name(), {slot, of(count)}));
    appender.commit();
  };
  put(10);
  ASSERT_TRUE(loop_.run(keeper_->seal()));
  put(20);
  ASSERT_TRUE(loop_.run(keeper_->flush()));
  kill_and_open();
  const std::vector<series::Selection> all = {{{}, -kEver, kEver}};
  const series::Snapshot snapshot = store_->snapshot(all);
  const auto newest = snapshot.series(0)[0].samples->newest_point(-kEver, kEver);
  ASSERT_TRUE(newest && newest->histogram);
  EXPECT_EQ(newest->histogram->count, 20);
}

}  // namespace
}  // namespace tocsin::blocks
