#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "base/result.h"
#include "model/labels.h"
#include "model/matcher.h"
#include "model/sample.h"
#include "series/snapshot.h"
#include "series/watch.h"

namespace tocsin::series {

/// Who writes a series: a scrape target, a built-in source, a recording rule. Rules are woken by
/// the origins whose series they read. 0 is "nobody in particular".
using Origin = std::uint32_t;

/// Names one live series of a store; stays valid until the series is dropped.
using SeriesRef = std::uint64_t;

enum class AppendOutcome : std::uint8_t {
  kStored,
  kReplaced,    ///< same timestamp, allowed because the append said so
  kDuplicate,   ///< same timestamp, same value: nothing to do
  kConflict,    ///< same timestamp, other value: refused
  kOutOfOrder,  ///< older than the newest sample of the series: refused
  kTooOld,      ///< before the retention: refused
};

struct StoreOptions {
  /// Samples older than the newest commit by more than this may be dropped.
  base::Duration retention = std::chrono::hours(2);
  /// New series beyond this are refused with kLimitExceeded.
  std::size_t max_series = 2'000'000;
  /// What may lie at hand for those who watch; see Store::live().
  std::size_t max_watched_bytes = std::size_t{64} << 20;
};

/// A new series, reported at commit, so that readers can see whether it concerns them.
struct Created {
  SeriesRef ref;
  model::Labels labels;
};

struct CommitResult {
  std::vector<Created> created;
  std::size_t stored = 0;
  std::size_t refused = 0;
};

/// A sample of a series that the caller remembers.
struct RefSample {
  SeriesRef ref = 0;
  model::Sample sample;
};

/// One that was not stored, of many that were given together.
struct Refusal {
  std::size_t index = 0;                 ///< among those given
  std::optional<AppendOutcome> outcome;  ///< nothing: the series has been dropped
};

class Store;

/// Collects the samples of one batch; nothing is visible before commit(), and dropping the
/// appender without commit leaves no trace. Main loop only; one appender at a time.
class Appender {
 public:
  ~Appender();
  Appender(Appender&&) noexcept;

  /// Adds a sample to the series with these labels. The outcome is judged against what is
  /// committed and what this appender already holds.
  base::Result<AppendOutcome> append(const model::Labels& labels, model::Sample sample);
  /// The same for a series that the caller remembers; kNotFound when it has been dropped.
  base::Result<AppendOutcome> append(SeriesRef ref, model::Sample sample);
  /// The same for the samples of a whole poll, which is the fast way. Those that are not stored are
  /// added to `refused`, but for duplicates.
  void append_all(std::span<const RefSample> samples, std::vector<Refusal>& refused);
  /// Replaces a sample of the same timestamp, or appends: for values recorded once per slot.
  base::Result<AppendOutcome> put(const model::Labels& labels, model::Sample sample);
  /// The same for native histograms, which lie beside the floats of a series. A time holds one of
  /// either; put() replaces histograms by histograms only.
  base::Result<AppendOutcome> append(const model::Labels& labels, model::HistogramSample sample);
  base::Result<AppendOutcome> put(const model::Labels& labels, model::HistogramSample sample);
  /// The ref of a series that is committed or was added by this appender.
  std::optional<SeriesRef> find(const model::Labels& labels) const;

  /// Publishes everything at once.
  CommitResult commit();

 private:
  friend class Store;
  struct State;
  explicit Appender(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct StoreStats {
  std::size_t series = 0;
  std::size_t samples = 0;
  std::size_t bytes = 0;  ///< of chunks, labels and index, estimated
  std::uint64_t appended_total = 0;
  std::uint64_t refused_total = 0;
  std::uint64_t created_total = 0;
  std::uint64_t dropped_total = 0;
};

/// Time series in memory: interned labels, inverted index, recent samples in chunks. Writing is
/// for the main loop; snapshot() and the reading of snapshots are safe on any thread.
class Store {
 public:
  explicit Store(StoreOptions options);
  ~Store();

  Appender appender(Origin origin);

  /// Pins what the selections name, as it is now: later appends do not show. The i-th list of the
  /// snapshot belongs to the i-th selection; series come sorted by labels.
  Snapshot snapshot(std::span<const Selection> selections) const;

  /// The same for who asks for the same selections again and again, on the main loop: series that
  /// match are known before they are asked for, and `keep` says of each selection how much of their
  /// newest samples should lie at hand. `watching` belongs to the caller; it is empty the first
  /// time, and who lets go of it is not kept for any more. The result goes with the next commit.
  Snapshot live(std::span<const Selection> selections, std::span<const base::Duration> keep,
                Watching& watching);
  /// What is kept for those who watch.
  WatchStats watch_stats() const;

  /// The origin that created a series.
  std::optional<Origin> origin_of(SeriesRef ref) const;

  /// Drops samples before now - retention, and series that then have none. Call now and then.
  void expire(base::WallTime now);

  /// Moves the time of every sample by `delta`, for when the wall clock that gave it was set:
  /// ages stay what they were, and new samples are not older than those before. Costs nothing per
  /// sample. Snapshots taken before keep the old times. Not while an appender is open.
  void shift_times(base::Duration delta);
  void set_retention(base::Duration retention);
  base::Duration retention() const;

  StoreStats stats() const;

 private:
  friend class Appender;
  friend class LiveSeries;
  friend class Watches;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin::series
