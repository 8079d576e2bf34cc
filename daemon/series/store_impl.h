#pragma once

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <vector>

#include "series/block.h"
#include "series/extract.h"
#include "series/head.h"
#include "series/histograms.h"
#include "series/history.h"
#include "series/index.h"
#include "series/log.h"
#include "series/store.h"

namespace tocsin::series {

/// One series of the store. `staging` belongs to the main loop, the rest to the store's lock.
struct Series {
  SeriesRef ref = 0;
  Origin origin = 0;
  /// 1 + the place among the open appender's stagings; 0 when it holds nothing of this series.
  std::uint32_t staging = 0;
  /// Came back from a block and nobody has written to it since: its origin is not known.
  bool restored = false;
  /// The log, or a block that stays as long as the log does, says what its number stands for.
  bool named = true;
  model::Labels labels;
  /// Samples up to here are in blocks, as they are here.
  std::int64_t sealed_ms = std::numeric_limits<std::int64_t>::min();
  Head head;
  /// Null while there are none; never empty.
  std::unique_ptr<HistogramHead> histograms;
  /// Null while nobody watches.
  LiveSeries* live = nullptr;

  bool empty() const { return head.empty() && !histograms; }
  std::size_t bytes() const { return head.bytes() + (histograms ? histograms->bytes() : 0); }
  /// The time of the newest sample; far back when there is none.
  std::int64_t newest_ms() const;
  /// See Head::drop_before().
  std::size_t drop_before(std::int64_t time_ms);
};

/// Appends the samples with from <= time <= to, in kept times. Under the store's lock, or on the
/// main loop.
void read_kept(const Head& head, std::int64_t from, std::int64_t to,
               std::vector<model::Sample>& out);

/// The series of a poll lie where there was room when they came. Those who write to many fetch each
/// so many samples ahead, and its words half as many.
inline constexpr std::size_t kFetchAhead = 16;

inline constexpr Slot kNoSlot = std::numeric_limits<Slot>::max();

/// The slot is the lower half of a ref; the upper half counts series ever made, so that the ref
/// of a dropped series is never given out again.
constexpr Slot slot_of(SeriesRef ref) { return static_cast<Slot>(ref); }
constexpr std::uint32_t generation_of(SeriesRef ref) {
  return static_cast<std::uint32_t>(ref >> 32);
}

/// An entry of the table by labels: eight bytes, and growing it reads no series.
struct LabelSlot {
  Slot slot = 0;
  std::uint32_t hash = 0;
};

using SeriesTable = std::vector<std::unique_ptr<Series>>;  // by slot

/// The labels of a stored series: numbers of a block's labels, made of the table's symbols.
struct StoredLabels {
  std::span<const model::Label> distinct;
  std::span<const std::uint32_t> numbers;
  std::uint64_t hash = 0;
};

struct LabelSlotHash {
  using is_transparent = void;
  std::size_t operator()(const StoredLabels& labels) const {
    return static_cast<std::uint32_t>(labels.hash);
  }
  std::size_t operator()(const LabelSlot& entry) const { return entry.hash; }
  std::size_t operator()(const model::Labels& labels) const {
    return static_cast<std::uint32_t>(labels.hash());
  }
};

struct LabelSlotEqual {
  using is_transparent = void;
  const SeriesTable* table = nullptr;

  bool operator()(const LabelSlot& a, const LabelSlot& b) const { return a.slot == b.slot; }
  bool operator()(const model::Labels& labels, const LabelSlot& entry) const {
    return static_cast<std::uint32_t>(labels.hash()) == entry.hash &&
           (*table)[entry.slot]->labels == labels;
  }
  bool operator()(const LabelSlot& entry, const model::Labels& labels) const {
    return (*this)(labels, entry);
  }
  bool operator()(const StoredLabels& labels, const LabelSlot& entry) const {
    return static_cast<std::uint32_t>(labels.hash) == entry.hash &&
           std::ranges::equal((*table)[entry.slot]->labels.all(), labels.numbers, {}, {},
                              [&](std::uint32_t number) { return labels.distinct[number]; });
  }
  bool operator()(const LabelSlot& entry, const StoredLabels& labels) const {
    return (*this)(labels, entry);
  }
};

/// What Store and Appender share. The main loop alone writes, under `mutex` held exclusively; it
/// may read without. Other threads read under `mutex` held shared.
struct Store::Impl {
  /// The series that a list of matchers names, sorted by labels, as of one version of the index.
  struct Resolved {
    std::uint64_t version = 0;
    std::uint64_t last_use = 0;
    std::shared_ptr<const std::vector<Slot>> slots;
  };

  explicit Impl(StoreOptions store_options) : options(store_options) {}

  Series* find(SeriesRef ref) const;
  Series* find(const model::Labels& labels) const;

  void prefetch(SeriesRef ref) const;
  static void prefetch(const Series& series);

  /// Takes a ref for a series to come, or gives it back unused. Main loop, no lock needed.
  SeriesRef reserve();
  SeriesRef reserve(std::uint32_t known_generation);
  /// What is stored uses this number, whatever it is called here: it is not given out again.
  void note_stored(std::uint32_t id) { generation = std::max(generation, id); }
  void release(SeriesRef ref) { free_slots.push_back(slot_of(ref)); }
  /// Puts a series in place; the lock is held.
  Series& create(SeriesRef ref, Origin origin, const model::Labels& labels);
  /// The same but for the index; the labels are made of the table's symbols.
  Series& place(SeriesRef ref, Origin origin, model::Labels labels);
  /// The series that a stored name stands for, created unless the limit is reached; the lock is
  /// held.
  Series* restore(const Named& named, RestoredRefs& refs);
  /// Puts stored samples behind those of a series; the lock is held.
  void adopt(Series& series, const BlockSeries& stored);
  void replay(Series& series, const model::HistogramSample& sample, bool replaces);
  /// Ends a pass of expiry; the lock is held.
  void drop_expired();
  /// Takes series out; the lock is held.
  void drop(const std::vector<Slot>& slots);

  std::shared_ptr<const std::vector<Slot>> resolve(const model::Matchers& matchers) const;
  std::vector<Slot> look_up(const model::Matchers& matchers) const;
  std::vector<PinnedSeries> pin(const Selection& selection, std::span<const Provision> given) const;
  /// Fetches what pinning the series behind `at` is going to look at.
  void fetch_ahead(const std::vector<Slot>& slots, std::size_t at) const;
  /// The same selection in kept times, as far back as anything may be shown.
  Selection kept(const Selection& selection) const;
  /// Earlier samples are refused: from here on it is known where each series ends, be it in memory
  /// or among the departed.
  std::int64_t oldest_accepted() const {
    return options.durable ? std::max(floor_ms, accept_floor_ms) : floor_ms;
  }
  /// Memory has everything from here on.
  std::int64_t whole_from() const {
    return options.durable ? std::max(floor_ms, memory_floor_ms) : floor_ms;
  }
  /// Moves the floors on; the lock is held.
  void move_floors(base::WallTime now);
  /// Where a series that is not in memory, or has nothing there, ends; nothing when any sample that
  /// is accepted follows.
  std::optional<std::int64_t> ended_at(const model::Labels& labels) const;
  /// Before this kept time expiry lets samples of a series go, whether blocks hold them or not.
  std::int64_t droppable_before(const Series& series, std::int64_t unsealed_floor_ms) const;
  /// Nobody takes the log: it must not grow for ever.
  void bound_log();
  /// A sample got another value: what blocks hold of it is not right any more.
  void rewritten(Series& series, std::int64_t time_ms);

  StoreOptions options;
  mutable std::shared_mutex mutex;

  SeriesTable table;
  boost::unordered_flat_set<LabelSlot, LabelSlotHash, LabelSlotEqual> by_labels{
      0, LabelSlotHash(), LabelSlotEqual{&table}};
  SymbolTable symbols;
  Index index;
  std::uint64_t index_version = 1;
  /// A sample's time is the one kept in its series plus this; see Store::shift_times(). Everything
  /// in here but this counts in kept times.
  std::int64_t shift_ms = 0;
  /// Nothing older is accepted or shown.
  std::int64_t floor_ms = std::numeric_limits<std::int64_t>::min();

  /// Memory holds every sample from here on; older ones may be in blocks only.
  std::int64_t memory_floor_ms = std::numeric_limits<std::int64_t>::min();
  mutable History history;
  /// See oldest_accepted(); not after memory_floor_ms.
  std::int64_t accept_floor_ms = std::numeric_limits<std::int64_t>::min();

  // Main loop only.
  /// Where series ended that have left memory since accept_floor_ms, by the hash of their labels.
  boost::unordered_flat_map<std::uint64_t, std::int64_t> departed;
  Slot expire_from = 0;             // where the next step of expire_some() begins
  std::vector<Slot> expired;        // empty series that this pass has found so far
  std::uint64_t swept_dropped = 0;  // dropped_total when symbols were swept last
  struct Rewrite {
    SeriesRef ref;
    std::int64_t time_ms;
  };
  LogBatch log;
  bool sealing = false;
  std::vector<Rewrite> rewrites;  // while a seal is under way
  std::vector<Slot> free_slots;
  Slot next_slot = 0;
  std::uint32_t generation = 0;
  bool appender_open = false;
  std::shared_ptr<Watches> watches;  // null until somebody watches

  // Guarded by `mutex`.
  std::size_t live = 0;
  std::size_t samples = 0;
  std::size_t head_bytes = 0;
  std::size_t label_bytes = 0;
  std::uint64_t appended_total = 0;
  std::uint64_t refused_total = 0;
  std::uint64_t created_total = 0;
  std::uint64_t dropped_total = 0;
  std::uint64_t unsealed_dropped_total = 0;
  std::uint64_t unlogged_total = 0;

  mutable std::mutex cache_mutex;
  mutable std::map<std::string, Resolved> cache;
  mutable std::uint64_t cache_clock = 0;
};

}  // namespace tocsin::series
