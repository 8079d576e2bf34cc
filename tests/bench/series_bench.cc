// What the store costs per sample written, per selection pinned and per sample read.
#include <benchmark/benchmark.h>

#include <vector>

#include "series/store.h"

namespace tocsin::series {
namespace {

constexpr std::int64_t kStart = 1'767'225'600'000;
constexpr std::int64_t kStep = 5'000;

model::Labels series_labels(int index) {
  return {{"__name__", "http_requests_total"},
          {"job", "shop"},
          {"instance", "10.0.0." + std::to_string(index % 16) + ":8080"},
          {"path", "/api/v1/stores/" + std::to_string(index)}};
}

/// A store with one counter per index, each with `polls` samples.
struct Filled {
  Filled(int series, int polls) : store({}) {
    std::vector<model::Labels> labels;
    for (int i = 0; i < series; ++i) {
      labels.push_back(series_labels(i));
    }
    for (; poll < polls; ++poll) {
      Appender appender = store.appender(1);
      for (int i = 0; i < series; ++i) {
        const auto done = appender.append(labels[static_cast<std::size_t>(i)], sample(i));
        benchmark::DoNotOptimize(done);
      }
      for (const Created& created : appender.commit().created) {
        refs.push_back(created.ref);
      }
    }
  }
  model::Sample sample(int index) const {
    return {kStart + poll * kStep, static_cast<double>(1'000 + poll * (index % 7))};
  }
  std::int64_t end() const { return kStart + (poll - 1) * kStep; }

  Store store;
  std::vector<SeriesRef> refs;
  std::int64_t poll = 0;
};

void append_and_commit(benchmark::State& state) {
  const auto series = static_cast<int>(state.range(0));
  Filled filled(series, 2);
  for (auto _ : state) {
    Appender appender = filled.store.appender(1);
    for (int i = 0; i < series; ++i) {
      const auto done = appender.append(filled.refs[static_cast<std::size_t>(i)], filled.sample(i));
      benchmark::DoNotOptimize(done);
    }
    appender.commit();
    ++filled.poll;
    if (filled.poll % 720 == 0) {
      filled.store.expire(base::from_millis(filled.end()));
    }
  }
  state.SetItemsProcessed(state.iterations() * series);
  const StoreStats stats = filled.store.stats();
  state.counters["bytes_per_sample"] =
      static_cast<double>(stats.bytes) / static_cast<double>(stats.samples);
}
BENCHMARK(append_and_commit)->Arg(100)->Arg(10'000);

void pin_one_of_many(benchmark::State& state) {
  Filled filled(static_cast<int>(state.range(0)), 3);
  const std::vector<Selection> selections = {
      {{*model::Matcher::make(model::MatchKind::kEqual, "__name__", "http_requests_total"),
        *model::Matcher::make(model::MatchKind::kEqual, "path", "/api/v1/stores/42")},
       kStart,
       filled.end()}};
  for (auto _ : state) {
    benchmark::DoNotOptimize(filled.store.snapshot(selections));
  }
}
BENCHMARK(pin_one_of_many)->Arg(100)->Arg(10'000);

void pin_and_read_range(benchmark::State& state) {
  constexpr int kSeries = 1'000;
  Filled filled(kSeries, 720);
  const std::int64_t from = filled.end() - state.range(0) * 60'000;
  const std::vector<Selection> selections = {
      {{*model::Matcher::make(model::MatchKind::kEqual, "__name__", "http_requests_total")},
       from,
       filled.end()}};
  std::vector<model::Sample> samples;
  std::int64_t read = 0;
  for (auto _ : state) {
    const Snapshot snapshot = filled.store.snapshot(selections);
    for (const PinnedSeries& series : snapshot.series(0)) {
      samples.clear();
      series.samples->read(from, filled.end(), samples);
      read += static_cast<std::int64_t>(samples.size());
    }
  }
  state.SetItemsProcessed(read);
}
BENCHMARK(pin_and_read_range)->ArgName("minutes")->Arg(5)->Arg(60);

}  // namespace
}  // namespace tocsin::series
