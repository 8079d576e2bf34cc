#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "series/head.h"
#include "series/histograms.h"
#include "series/index.h"
#include "series/store.h"

namespace tocsin::series {

/// One series of the store. `staging` belongs to the main loop, the rest to the store's lock.
struct Series {
  SeriesRef ref = 0;
  Origin origin = 0;
  /// 1 + the place among the open appender's stagings; 0 when it holds nothing of this series.
  std::uint32_t staging = 0;
  model::Labels labels;
  Head head;
  /// Null while there are none; never empty.
  std::unique_ptr<HistogramHead> histograms;

  bool empty() const { return head.empty() && !histograms; }
  std::size_t bytes() const { return head.bytes() + (histograms ? histograms->bytes() : 0); }
  /// See Head::drop_before().
  std::size_t drop_before(std::int64_t time_ms);
};

inline constexpr Slot kNoSlot = std::numeric_limits<Slot>::max();

/// The slot is the lower half of a ref; the upper half counts series ever made, so that the ref
/// of a dropped series is never given out again.
constexpr Slot slot_of(SeriesRef ref) { return static_cast<Slot>(ref); }

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

  /// Takes a ref for a series to come, or gives it back unused. Main loop, no lock needed.
  SeriesRef reserve();
  void release(SeriesRef ref) { free_slots.push_back(slot_of(ref)); }
  /// Puts a series in place; the lock is held.
  Series& create(SeriesRef ref, Origin origin, const model::Labels& labels);
  /// Takes series out; the lock is held.
  void drop(const std::vector<Slot>& slots);

  std::shared_ptr<const std::vector<Slot>> resolve(const model::Matchers& matchers) const;
  std::vector<Slot> look_up(const model::Matchers& matchers) const;
  std::vector<PinnedSeries> pin(const Selection& selection) const;
  void fetch_ahead(const std::vector<Slot>& slots, std::size_t at) const;

  StoreOptions options;
  mutable std::shared_mutex mutex;

  std::vector<std::unique_ptr<Series>> table;  // by slot
  boost::unordered_flat_map<model::Labels, Slot, model::LabelsHash> by_labels;
  SymbolTable symbols;
  Index index;
  std::uint64_t index_version = 1;
  /// A sample's time is the one kept in its series plus this; see Store::shift_times(). Everything
  /// in here but this counts in kept times.
  std::int64_t shift_ms = 0;
  /// Nothing older is accepted or shown.
  std::int64_t floor_ms = std::numeric_limits<std::int64_t>::min();

  // Main loop only.
  std::vector<Slot> free_slots;
  Slot next_slot = 0;
  std::uint32_t generation = 0;
  bool appender_open = false;

  // Guarded by `mutex`.
  std::size_t live = 0;
  std::size_t samples = 0;
  std::size_t head_bytes = 0;
  std::size_t label_bytes = 0;
  std::uint64_t appended_total = 0;
  std::uint64_t refused_total = 0;
  std::uint64_t created_total = 0;
  std::uint64_t dropped_total = 0;

  mutable std::mutex cache_mutex;
  mutable std::map<std::string, Resolved> cache;
  mutable std::uint64_t cache_clock = 0;
};

}  // namespace tocsin::series
