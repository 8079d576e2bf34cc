#include "series/histograms.h"

#include <gtest/gtest.h>

#include <limits>

#include "series/store.h"

namespace tocsin::series {
namespace {

using model::CounterReset;
using model::HistogramPtr;
using model::HistogramSample;
using model::Labels;

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

const Labels kSeries = {{"__name__", "h"}};

HistogramPtr of(double count, CounterReset reset = CounterReset::kUnknown) {
  model::Histogram histogram;
  histogram.count = count;
  histogram.positive = {{0, count}};
  histogram.reset = reset;
  return std::make_shared<const model::Histogram>(std::move(histogram));
}

PinnedSeries pin(const Store& store) {
  const Selection selection{{}, kMin, kMax};
  const Snapshot snapshot = store.snapshot({&selection, 1});
  EXPECT_EQ(snapshot.series(0).size(), 1U);
  return snapshot.series(0).empty() ? PinnedSeries() : snapshot.series(0).front();
}

// "10:1f 20:2h": times, and floats or counts of histograms.
std::string text(const PinnedSeries& series, std::int64_t from = kMin, std::int64_t to = kMax) {
  Points points;
  series.samples->read_points(from, to, points);
  std::map<std::int64_t, std::string> items;
  for (const model::Sample& sample : points.floats) {
    items[sample.time_ms] = std::to_string(static_cast<int>(sample.value)) + "f";
  }
  for (const HistogramSample& sample : points.histograms) {
    items[sample.time_ms] = std::to_string(static_cast<int>(sample.histogram->count)) + "h";
  }
  std::string text;
  for (const auto& [time, item] : items) {
    text += (text.empty() ? "" : " ") + std::to_string(time) + ":" + item;
  }
  // What the newest point is must agree with the whole.
  const auto newest = series.samples->newest_point(from, to);
  EXPECT_EQ(newest.has_value(), !items.empty());
  if (newest && !items.empty()) {
    EXPECT_EQ(newest->time_ms, items.rbegin()->first);
    EXPECT_EQ(newest->histogram != nullptr, items.rbegin()->second.ends_with('h'));
  }
  return text;
}

class StoredHistograms : public ::testing::Test {
 protected:
  AppendOutcome append(std::int64_t time_ms, const HistogramPtr& histogram) {
    Appender appender = store_.appender(1);
    const auto outcome = appender.append(kSeries, HistogramSample{time_ms, histogram, 0});
    appender.commit();
    return *outcome;
  }
  AppendOutcome append(std::int64_t time_ms, double value) {
    Appender appender = store_.appender(1);
    const auto outcome = appender.append(kSeries, model::Sample{time_ms, value});
    appender.commit();
    return *outcome;
  }
  AppendOutcome put(std::int64_t time_ms, const HistogramPtr& histogram) {
    Appender appender = store_.appender(1);
    const auto outcome = appender.put(kSeries, HistogramSample{time_ms, histogram, 0});
    appender.commit();
    return *outcome;
  }

  Store store_{StoreOptions{.retention = base::Duration(1000)}};
};

TEST_F(StoredHistograms, LieBesideFloats) {
  append(10, 1.0);
  EXPECT_TRUE(pin(store_).samples->floats_only());
  append(20, of(2));
  append(30, of(3));
  append(40, 4.0);
  const PinnedSeries series = pin(store_);
  EXPECT_FALSE(series.samples->floats_only());
  EXPECT_EQ(text(series), "10:1f 20:2h 30:3h 40:4f");
  EXPECT_EQ(text(series, 20, 39), "20:2h 30:3h");
  EXPECT_EQ(text(series, 11, 19), "");
  EXPECT_EQ(store_.stats().samples, 4U);
}

TEST_F(StoredHistograms, ASeriesMayHaveNoFloatAtAll) {
  append(10, of(1));
  EXPECT_EQ(text(pin(store_)), "10:1h");
}

TEST_F(StoredHistograms, AreJudgedByTheLastSampleOfEitherKind) {
  append(10, 1.0);
  EXPECT_EQ(append(10, of(1)), AppendOutcome::kConflict);
  EXPECT_EQ(append(5, of(1)), AppendOutcome::kOutOfOrder);
  EXPECT_EQ(append(20, of(2)), AppendOutcome::kStored);
  EXPECT_EQ(append(20, of(2)), AppendOutcome::kDuplicate);
  EXPECT_EQ(append(20, of(3)), AppendOutcome::kConflict);
  EXPECT_EQ(append(20, 2.0), AppendOutcome::kConflict);
  EXPECT_EQ(append(15, 2.0), AppendOutcome::kOutOfOrder);
  EXPECT_EQ(text(pin(store_)), "10:1f 20:2h");
}

TEST_F(StoredHistograms, KnowWhetherTheyWereReset) {
  const auto resets = [&] {
    Points points;
    pin(store_).samples->read_points(kMin, kMax, points);
    std::vector<CounterReset> list;
    for (const HistogramSample& sample : points.histograms) {
      list.push_back(sample.histogram->reset);
    }
    return list;
  };
  append(10, of(1));
  append(20, of(2));
  append(30, of(1));
  append(40, 1.0);
  append(50, of(9));
  append(60, of(9, CounterReset::kGauge));
  using enum CounterReset;
  EXPECT_EQ(resets(), (std::vector{kUnknown, kNotReset, kReset, kUnknown, kGauge}));
}

TEST_F(StoredHistograms, PutReplacesWhatHasTheTime) {
  put(10, of(1));
  put(20, of(2));
  const PinnedSeries before = pin(store_);
  EXPECT_EQ(put(20, of(5)), AppendOutcome::kReplaced);
  EXPECT_EQ(put(10, of(4)), AppendOutcome::kReplaced);
  EXPECT_EQ(put(10, of(4)), AppendOutcome::kReplaced);
  EXPECT_EQ(put(20, of(5)), AppendOutcome::kDuplicate);
  EXPECT_EQ(put(15, of(5)), AppendOutcome::kOutOfOrder);
  EXPECT_EQ(text(before), "10:1h 20:2h") << "what was pinned stays";
  EXPECT_EQ(text(pin(store_)), "10:4h 20:5h");
}

TEST_F(StoredHistograms, PutReplacesWithinOneBatchToo) {
  Appender appender = store_.appender(1);
  EXPECT_EQ(*appender.put(kSeries, HistogramSample{10, of(1), 0}), AppendOutcome::kStored);
  EXPECT_EQ(*appender.put(kSeries, HistogramSample{10, of(2), 0}), AppendOutcome::kReplaced);
  appender.commit();
  EXPECT_EQ(text(pin(store_)), "10:2h");
}

TEST_F(StoredHistograms, LaterAppendsDoNotShowInSnapshots) {
  append(10, of(1));
  const PinnedSeries series = pin(store_);
  for (int i = 2; i < 200; ++i) {
    append(i * 10, of(i));
  }
  EXPECT_EQ(text(series), "10:1h");
  EXPECT_EQ(text(pin(store_), 1980, 1990), "1980:198h 1990:199h");
  EXPECT_EQ(text(pin(store_), 641, 659), "650:65h");
}

TEST_F(StoredHistograms, GoWithTheRetention) {
  for (int i = 1; i < 200; ++i) {
    append(i * 10, of(i));
  }
  const std::size_t bytes = store_.stats().bytes;
  store_.expire(base::from_millis(2000));
  EXPECT_EQ(text(pin(store_), kMin, 1010), "1000:100h 1010:101h") << "older ones do not show";
  EXPECT_LT(store_.stats().bytes, bytes);
  EXPECT_EQ(append(999, of(1)), AppendOutcome::kTooOld);
  store_.expire(base::from_millis(10'000));
  EXPECT_EQ(store_.stats().series, 0U);
  EXPECT_EQ(store_.stats().samples, 0U);
}

TEST_F(StoredHistograms, MoveWithTheClock) {
  append(10, of(1));
  store_.shift_times(base::Duration(100));
  append(120, of(2));
  EXPECT_EQ(text(pin(store_)), "110:1h 120:2h");
  EXPECT_EQ(text(pin(store_), 115, 125), "120:2h");
  EXPECT_EQ(append(120, of(2)), AppendOutcome::kDuplicate);
}

}  // namespace
}  // namespace tocsin::series
