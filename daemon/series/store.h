#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
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
#include "series/history.h"
#include "series/named.h"
#include "series/snapshot.h"
#include "series/watch.h"

namespace tocsin::series {

class Block;
struct LogBatch;

/// Who writes a series: a scrape target, a built-in source, a recording rule. Rules are woken by
/// the origins whose series they read. 0 is "nobody in particular".
using Origin = std::uint32_t;

/// Names one live series of a store; stays valid until the series is dropped.
using SeriesRef = std::uint64_t;

/// What stored series are called now, by the id that is stored. Ids lie close together, with gaps.
class RestoredRefs {
 public:
  void set(std::uint32_t id, SeriesRef ref);
  /// 0 when there is none.
  SeriesRef find(std::uint32_t id) const;

 private:
  static constexpr std::uint32_t kPage = 4096;
  using Page = std::array<SeriesRef, kPage>;

  boost::unordered_flat_map<std::uint32_t, std::unique_ptr<Page>> pages_;
  mutable std::uint32_t last_number_ = 0;
  mutable const Page* last_ = nullptr;
};

enum class AppendOutcome : std::uint8_t {
  kStored,
  kReplaced,    ///< same timestamp, allowed because the append said so
  kDuplicate,   ///< same timestamp, same value: nothing to do
  kConflict,    ///< same timestamp, other value: refused
  kOutOfOrder,  ///< older than the newest sample of the series: refused
  kTooOld,      ///< before the retention, or too late to be kept: refused
};

struct StoreOptions {
  /// Samples older than the newest commit by more than this may be dropped.
  base::Duration retention = std::chrono::hours(2);
  /// New series beyond this are refused with kLimitExceeded.
  std::size_t max_series = 2'000'000;
  /// So many more may rules make (origin 0): an explosion of series must not silence alerts.
  std::size_t series_of_rules = 20'000;
  /// What may lie at hand for those who watch; see Store::live().
  std::size_t max_watched_bytes = std::size_t{64} << 20;
  /// Samples are sealed into blocks before memory lets them go; see Store::unsealed(). Without it
  /// what leaves memory is gone.
  bool durable = false;
  /// How much of the retention stays in memory, when durable.
  base::Duration window = std::chrono::hours(2);
  /// How far back a series without newer samples may get some, when durable and the window is
  /// shorter: senders catch up after an outage. No further than `max_unsealed`.
  base::Duration accept_late = std::chrono::hours(1);
  /// What no block holds yet stays beyond the window, but no longer than this: a disk that refuses
  /// for a day must not cost the memory of a day.
  base::Duration max_unsealed = std::chrono::hours(6);
  /// So many committed samples wait for take_log() at most; then the older half of them goes.
  std::size_t max_log_samples = 4'000'000;
};

/// A series and what it is called.
struct NamedSeries {
  SeriesRef ref;
  model::Labels labels;
};

/// A new series, reported at commit, so that readers can see whether it concerns them.
using Created = NamedSeries;

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

/// One series with samples that no block holds yet, pinned. Times are those kept in the store,
/// which blocks count in too; see Store::shift_times().
struct Unsealed {
  SeriesRef ref = 0;
  model::Labels labels;
  std::shared_ptr<const PinnedSamples> samples;
  std::int64_t from_ms = 0;  ///< what has to be sealed begins here …
  bool any = false;          ///< … unless everything is sealed already
};

/// A series whose samples up to this one, pinned by unsealed(), are in a block now.
struct Sealed {
  SeriesRef ref = 0;
  model::Sample last;
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
  /// Replaces a sample of the same timestamp, or appends: for values recorded once per slot. When
  /// durable, only the newest sample of a series can be replaced.
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
  /// Samples that left memory, or the log, before the disk took them.
  std::uint64_t unsealed_dropped_total = 0;
  std::uint64_t unlogged_total = 0;
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
  /// The same with what was read of blocks for this very question, beside what is at hand of them.
  Snapshot snapshot(std::span<const Selection> selections, std::span<const Provision> given) const;

  /// Which blocks have to be read before a snapshot of these selections is complete: none unless
  /// they begin before what memory holds. Whoever may wait reads them and calls provide(), or gives
  /// them to snapshot(); a snapshot itself never waits and shows what is at hand.
  std::vector<BlockNeed> needs(std::span<const Selection> selections) const;
  /// Whether a selection begins before what memory holds: cheap, and false for nearly all.
  bool reaches_past_memory(std::span<const Selection> selections) const;
  /// The blocks that there are, and what is at hand of them.
  History& history() const;

  /// The origin that created a series.
  std::optional<Origin> origin_of(SeriesRef ref) const;

  /// Tells the time before anything is written: what lies before the retention is refused from now
  /// on, not only once something has expired.
  void begin(base::WallTime now);
  /// Drops samples before now - retention, and series that then have none. Call now and then.
  void expire(base::WallTime now);
  /// The same in steps of so many slots, so that nothing waits long: true once a pass is complete.
  bool expire_some(base::WallTime now, std::uint32_t slots);

  /// Moves the time of every sample by `delta`, for when the wall clock that gave it was set:
  /// ages stay what they were, and new samples are not older than those before. Costs nothing per
  /// sample. Snapshots taken before keep the old times. Not while an appender is open.
  void shift_times(base::Duration delta);
  void set_retention(base::Duration retention);
  base::Duration retention() const;
  void set_window(base::Duration window);
  void set_max_unsealed(base::Duration age);
  void set_max_series(std::size_t series);
  void set_accept_late(base::Duration age);
  /// Whether what leaves memory may be looked for in blocks, and what is committed is logged.
  void set_durable(bool durable);

  /// Sealing, when durable: begin_sealing() on the main loop; unsealed() for one range of slots
  /// after the other on any thread, which pins what is to become a block; sealed() on the main loop
  /// once the block is safe; end_sealing(). Slots go up to slots().
  void begin_sealing();
  std::vector<Unsealed> unsealed(std::uint32_t from, std::uint32_t to) const;
  void sealed(std::span<const Sealed> series);
  void end_sealing();
  std::uint32_t slots() const;

  /// The greatest id that any series ever had. Ids are never given out again, so it has to be kept
  /// as of each seal and told to a new store: no block may be left that names a later one.
  std::uint32_t last_id() const;
  void set_last_id(std::uint32_t id);
  /// Puts the series of a block back, with their samples behind those that are there. For the
  /// start: blocks ascending, before anything is appended. Adds to `refs`, by the id that the block
  /// calls them, the refs that the series have here. `stays`: the block is of the last seal, so
  /// that the log need not say again what its ids mean.
  void restore(const Block& block, bool stays, RestoredRefs& refs);
  /// Puts back what was logged, after the blocks. What is there already stays as it is; samples of
  /// series that nobody knows are left out. Returns how many of those there were.
  std::size_t replay(const LogBatch& batch, RestoredRefs& refs);
  /// Puts back series that only a second copy names, without samples: the log names them anew when
  /// they are written to.
  void recall(std::span<const Named> named, RestoredRefs& refs);
  /// The disk has lost what it held: everything in memory is to be sealed and named once more.
  void unseal_all();
  /// Everything that was committed since the last call, when durable. Main loop only.
  LogBatch take_log();
  /// By how much times were shifted in all.
  base::Duration shift() const;
  /// Says that memory holds every sample from this kept time on.
  void set_memory_floor(std::int64_t kept_ms);

  StoreStats stats() const;

 private:
  friend class Appender;
  friend class LiveSeries;
  friend class Watches;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin::series
