#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <thread>

#include "series/store.h"

namespace tocsin::series {
namespace {

constexpr int kSeries = 20;
constexpr int kBatches = 400;

model::Labels labels_of(int series) {
  return model::Labels{{"__name__", "m"}, {"i", std::to_string(series)}};
}

/// Every series of a batch gets the batch's number as time and value, and after that 0.5 more by
/// put(): so a reader can tell a torn batch from a whole one.
void write(Store& store) {
  for (int batch = 1; batch <= kBatches; ++batch) {
    Appender appender = store.appender(0);
    for (int series = 0; series < kSeries; ++series) {
      appender.append(labels_of(series), {batch, static_cast<double>(batch)}).value();
    }
    // Comes and goes with expire().
    appender.append(labels_of(kSeries + batch), {batch, 1}).value();
    appender.commit();
    Appender again = store.appender(0);
    for (int series = 0; series < kSeries; ++series) {
      again.put(labels_of(series), {batch, batch + 0.5}).value();
    }
    again.commit();
    if (batch % 16 == 0) {
      store.expire(base::from_millis(batch));
    }
  }
}

bool whole(const std::vector<model::Sample>& samples) {
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto time = static_cast<double>(samples[i].time_ms);
    const bool last = i + 1 == samples.size();
    const bool good = samples[i].value == time + 0.5 || (last && samples[i].value == time);
    const bool next_to_last = i == 0 || samples[i].time_ms == samples[i - 1].time_ms + 1;
    if (!good || !next_to_last) {
      return false;
    }
  }
  return true;
}

/// Takes and reads snapshots until told to stop; returns how many were inconsistent.
int read(const Store& store, const std::atomic<bool>& stop) {
  constexpr std::int64_t kAlways = std::numeric_limits<std::int64_t>::max();
  const Selection steady{
      {*model::Matcher::make(model::MatchKind::kRegex, "i", "1?[0-9]")}, -kAlways, kAlways};
  int bad = 0;
  while (!stop) {
    const Snapshot snapshot = store.snapshot({&steady, 1});
    std::vector<model::Sample> first;
    for (const PinnedSeries& series : snapshot.series(0)) {
      std::vector<model::Sample> samples;
      series.samples->read(-kAlways, kAlways, samples);
      if (first.empty()) {
        first = samples;
      }
      const bool same = samples.size() == first.size() && !samples.empty() &&
                        samples.back().value == first.back().value;
      bad += whole(samples) && same ? 0 : 1;
    }
    store.stats();
  }
  return bad;
}

TEST(StoreThreads, ReadersSeeWholeBatchesWhileTheWriterGoesOn) {
  Store store({.retention = std::chrono::milliseconds(150)});
  std::atomic<bool> stop = false;
  std::atomic<int> bad = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] { bad += read(store, stop); });
  }
  write(store);
  stop = true;
  for (std::thread& reader : readers) {
    reader.join();
  }
  EXPECT_EQ(bad, 0);
  EXPECT_GE(store.stats().series, static_cast<std::size_t>(kSeries));
}

}  // namespace
}  // namespace tocsin::series
