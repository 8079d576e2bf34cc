#pragma once

#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>
#include <vector>

#include "series/store_impl.h"

namespace tocsin::series {

inline constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

/// A sample that waits for the commit. Those of one series form a chain, newest entry first.
struct Pending {
  model::Sample sample;
  std::uint32_t staging = 0;
  std::uint32_t previous = kNone;
  bool replaces = false;  // a sample that is committed already
};

/// What the appender knows of one series that it writes to.
struct Staging {
  SeriesRef ref = 0;
  Series* series = nullptr;   // null when the commit is to create it
  model::Labels labels = {};  // of a series to create
  std::uint32_t last_entry = kNone;
  bool has_samples = false;  // committed or pending
  std::int64_t last_time_ms = 0;
  double last_value = 0;
  /// Blocks have samples up to here that memory lacks.
  std::optional<std::int64_t> left_ms = std::nullopt;
  model::HistogramPtr last_histogram = nullptr;  // when the last sample is one
};

/// A histogram that waits for the commit.
struct PendingHistogram {
  model::HistogramSample sample;
  std::uint32_t staging = 0;
  bool replaces = false;
};

struct Appender::State {
  State(Store::Impl& store_impl, Origin batch_origin);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  std::uint32_t stage(Series& series);
  base::Result<std::uint32_t> stage(const model::Labels& labels);
  /// The sample with the time that its series keeps.
  model::Sample kept(model::Sample sample) const {
    return {sample.time_ms - store.shift_ms, sample.value};
  }
  /// For a series without samples in memory.
  void note_end(Staging& staging, const model::Labels& labels) const;
  AppendOutcome judge(const Staging& staging, model::Sample sample) const;
  AppendOutcome add(std::uint32_t place, model::Sample sample);
  AppendOutcome put(std::uint32_t place, model::Sample sample);
  void push(std::uint32_t place, model::Sample sample, bool replaces);
  Pending* pending_at(const Staging& staging, std::int64_t time_ms);

  // The same for histograms.
  model::HistogramSample kept(model::HistogramSample sample) const;
  static void note_last_histogram(Staging& staging, const Series& series);
  AppendOutcome judge(const Staging& staging, const model::HistogramSample& sample) const;
  AppendOutcome add(std::uint32_t place, model::HistogramSample sample);
  AppendOutcome put(std::uint32_t place, model::HistogramSample sample);
  void push(std::uint32_t place, model::HistogramSample sample, bool replaces);
  /// Part of the commit: brings what later samples write to into the cache.
  void fetch_ahead(std::size_t at) const;
  /// Part of the commit, with the lock held: a series gets its first sample from this appender.
  void begin(Staging& staging, CommitResult& result);
  /// Part of the commit: the lock is held.
  void commit_histograms(CommitResult& result);

  Store::Impl& store;
  Origin origin;
  std::vector<Staging> stagings;
  std::vector<Pending> pending;
  std::vector<PendingHistogram> pending_histograms;
  boost::unordered_flat_map<model::Labels, std::uint32_t, model::LabelsHash> to_create;
  boost::unordered_flat_map<SeriesRef, std::uint32_t> to_create_by_ref;
  std::size_t refused = 0;
};

}  // namespace tocsin::series
