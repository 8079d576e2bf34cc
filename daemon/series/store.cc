#include "series/store.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/check.h"
#include "series/store_impl.h"

namespace tocsin::series {
namespace {

// How many lists of matchers are remembered: more than the selectors of a large rule set.
constexpr std::size_t kMaxCachedSelections = 8192;

// Selections may name the ends of time, which stay where they are.
std::int64_t minus(std::int64_t time_ms, std::int64_t shift_ms) {
  constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max() / 2;
  return time_ms > kFar || time_ms < -kFar ? time_ms : time_ms - shift_ms;
}

/// The pinned samples of one list of series. One block holds all of them, each series points into
/// it: a round pins thousands of series.
struct PinnedBlock {
  class Samples final : public PinnedSamples {
   public:
    void read(std::int64_t min_time_ms, std::int64_t max_time_ms,
              std::vector<model::Sample>& out) const override {
      fetch_ahead(2);
      const std::size_t begin = out.size();
      read_kept(std::max(minus(min_time_ms, block->shift_ms), floor_ms),
                minus(max_time_ms, block->shift_ms), out);
      if (block->shift_ms != 0) {
        for (std::size_t i = begin; i < out.size(); ++i) {
          out[i].time_ms += block->shift_ms;
        }
      }
    }

    void read_kept(std::int64_t from, std::int64_t to, std::vector<model::Sample>& out) const {
      for (std::size_t i = first; i < last; ++i) {
        block->chunks[i].read(from, to, out);
      }
      if (length == 0) {
        return;
      }
      const auto end = open->begin() + length;
      auto at = std::lower_bound(
          open->begin(), end, from,
          [](const model::Sample& sample, std::int64_t time) { return sample.time_ms < time; });
      for (; at != end && at->time_ms <= to; ++at) {
        out.push_back(*at);
      }
    }

    std::optional<model::Sample> newest(std::int64_t min_time_ms,
                                        std::int64_t max_time_ms) const override {
      fetch_ahead(4);
      auto sample = newest_kept(std::max(minus(min_time_ms, block->shift_ms), floor_ms),
                                minus(max_time_ms, block->shift_ms));
      if (sample) {
        sample->time_ms += block->shift_ms;
      }
      return sample;
    }

    std::optional<model::Sample> newest_kept(std::int64_t from, std::int64_t to) const {
      for (std::size_t i = length; i > 0; --i) {
        const model::Sample& sample = (*open)[i - 1];
        if (sample.time_ms <= to) {
          return sample.time_ms >= from ? std::optional(sample) : std::nullopt;
        }
      }
      std::vector<model::Sample> samples;
      for (std::size_t i = last; i > first && samples.empty(); --i) {
        block->chunks[i - 1].read(from, to, samples);
      }
      return samples.empty() ? std::nullopt : std::optional(samples.back());
    }

    // The series of a block are read one after the other, and their samples lie anywhere in memory.
    void fetch_ahead(std::size_t count) const {
      const std::size_t index = static_cast<std::size_t>(this - block->series.data()) + count;
      if (index < block->series.size()) {
        block->series[index].fetch();
      }
    }

    void fetch() const {
      constexpr std::size_t kLine = 64;
      if (length > 0) {
        __builtin_prefetch(open->data() + (length - 1));
      }
      if (first < last) {
        const Chunk& chunk = block->chunks[first];
        for (std::size_t at = 0; at < chunk.size; at += kLine) {
          __builtin_prefetch(chunk.bytes.get() + at);
        }
      }
    }

    const PinnedBlock* block = nullptr;
    std::size_t first = 0;  // sealed chunks: [first, last) of the block's
    std::size_t last = 0;
    std::shared_ptr<const OpenChunk> open;
    std::uint32_t length = 0;
    std::int64_t floor_ms = 0;
  };

  std::vector<Chunk> chunks;
  std::vector<Samples> series;
  std::int64_t shift_ms = 0;  // of the store, when this was pinned
};

// Length-prefixed, so that no two lists of matchers have the same key.
std::string cache_key(const model::Matchers& matchers) {
  std::string key;
  for (const model::Matcher& matcher : matchers) {
    key += static_cast<char>('0' + static_cast<int>(matcher.kind()));
    for (const std::string* part : {&matcher.name(), &matcher.value()}) {
      key += std::to_string(part->size());
      key += ':';
      key += *part;
    }
  }
  return key;
}

std::size_t label_overhead(const model::Labels& labels) {
  constexpr std::size_t kLookUp = sizeof(model::Labels) + sizeof(Slot) + 12;
  return sizeof(Series) + sizeof(void*) + kLookUp + model::Labels::heap_bytes(labels.size());
}

}  // namespace

Series* Store::Impl::find(SeriesRef ref) const {
  const Slot slot = slot_of(ref);
  if (slot >= table.size() || !table[slot] || table[slot]->ref != ref) {
    return nullptr;
  }
  return table[slot].get();
}

Series* Store::Impl::find(const model::Labels& labels) const {
  const auto found = by_labels.find(labels);
  return found == by_labels.end() ? nullptr : table[found->second].get();
}

SeriesRef Store::Impl::reserve() {
  Slot slot = next_slot;
  if (free_slots.empty()) {
    ++next_slot;
  } else {
    slot = free_slots.back();
    free_slots.pop_back();
  }
  ++generation;
  return (SeriesRef{generation} << 32) | slot;
}

Series& Store::Impl::create(SeriesRef ref, Origin origin, const model::Labels& labels) {
  const Slot slot = slot_of(ref);
  if (slot >= table.size()) {
    table.resize(slot + 1);
  }
  table[slot] = std::make_unique<Series>();
  Series& series = *table[slot];
  series.ref = ref;
  series.origin = origin;
  series.labels = symbols.intern(labels);
  by_labels.emplace(series.labels, slot);
  index.add(slot, series.labels);
  ++index_version;
  ++live;
  ++created_total;
  label_bytes += label_overhead(series.labels);
  return series;
}

void Store::Impl::drop(const std::vector<Slot>& slots) {
  std::vector<Index::Removal> removals;
  removals.reserve(slots.size());
  for (const Slot slot : slots) {
    Series& series = *table[slot];
    label_bytes -= label_overhead(series.labels);
    head_bytes -= series.bytes();
    by_labels.erase(series.labels);
    removals.push_back({slot, std::move(series.labels)});
    table[slot].reset();
    free_slots.push_back(slot);
  }
  index.remove(removals);
  removals.clear();
  ++index_version;
  live -= slots.size();
  dropped_total += slots.size();
}

std::vector<Slot> Store::Impl::look_up(const model::Matchers& matchers) const {
  Index::Candidates found = index.find(matchers);
  if (found.all) {
    for (Slot slot = 0; slot < table.size(); ++slot) {
      if (table[slot]) {
        found.slots.push_back(slot);
      }
    }
  }
  for (const model::Matcher* matcher : found.unanswered) {
    // Neighbours often share the value: one answer per distinct text.
    boost::unordered_flat_map<std::string_view, bool> answers;
    std::erase_if(found.slots, [&](Slot slot) {
      const std::string_view value = table[slot]->labels.get(matcher->name());
      const auto [answer, added] = answers.try_emplace(value, false);
      if (added) {
        answer->second = matcher->matches(value);
      }
      return !answer->second;
    });
  }
  std::ranges::sort(found.slots,
                    [this](Slot a, Slot b) { return table[a]->labels < table[b]->labels; });
  return std::move(found.slots);
}

std::shared_ptr<const std::vector<Slot>> Store::Impl::resolve(
    const model::Matchers& matchers) const {
  std::string key = cache_key(matchers);
  {
    const std::lock_guard lock(cache_mutex);
    const auto found = cache.find(key);
    if (found != cache.end() && found->second.version == index_version) {
      found->second.last_use = ++cache_clock;
      return found->second.slots;
    }
  }
  auto slots = std::make_shared<const std::vector<Slot>>(look_up(matchers));
  const std::lock_guard lock(cache_mutex);
  if (cache.size() >= kMaxCachedSelections && !cache.contains(key)) {
    // Ad-hoc queries filled it: keep the half that was used last.
    const std::uint64_t limit = cache_clock > kMaxCachedSelections / 2
                                    ? cache_clock - kMaxCachedSelections / 2
                                    : cache_clock;
    std::erase_if(cache, [limit](const auto& entry) { return entry.second.last_use < limit; });
  }
  cache[std::move(key)] = {index_version, ++cache_clock, slots};
  return slots;
}

// Series lie anywhere in memory, and point at what lies elsewhere again.
void Store::Impl::fetch_ahead(const std::vector<Slot>& slots, std::size_t at) const {
  constexpr std::size_t kFar = 8;
  constexpr std::size_t kNear = 4;
  if (at + kFar < slots.size()) {
    const Series* series = table[slots[at + kFar]].get();
    __builtin_prefetch(series);
    __builtin_prefetch(reinterpret_cast<const char*>(series) + 64);
  }
  if (at + kNear < slots.size()) {
    const Series& series = *table[slots[at + kNear]];
    __builtin_prefetch(series.labels.all().data());
    __builtin_prefetch(series.head.sealed().data());
    __builtin_prefetch(series.head.open().get());
  }
}

std::vector<PinnedSeries> Store::Impl::pin(const Selection& selection) const {
  const std::shared_ptr<const std::vector<Slot>> slots = resolve(selection.matchers);
  auto block = std::make_shared<PinnedBlock>();
  std::vector<PinnedSeries> list;
  // The block's places must not move any more once something points at them.
  block->series.reserve(slots->size());
  list.reserve(slots->size());
  block->shift_ms = shift_ms;
  const std::int64_t from = std::max(minus(selection.min_time_ms, shift_ms), floor_ms);
  const std::int64_t to = minus(selection.max_time_ms, shift_ms);
  for (std::size_t i = 0; i < slots->size(); ++i) {
    fetch_ahead(*slots, i);
    const Series& series = *table[(*slots)[i]];
    PinnedBlock::Samples pinned;
    pinned.block = block.get();
    pinned.floor_ms = from;
    pinned.first = block->chunks.size();
    for (const Chunk& chunk : series.head.sealed()) {
      if (chunk.max_time_ms >= from && chunk.min_time_ms <= to) {
        block->chunks.push_back(chunk);
      }
    }
    pinned.last = block->chunks.size();
    pinned.open = series.head.open();
    pinned.length = static_cast<std::uint32_t>(series.head.open_length());
    block->series.push_back(std::move(pinned));
    list.push_back({series.labels, series.origin, series.ref,
                    std::shared_ptr<const PinnedSamples>(block, &block->series.back())});
    if (series.histograms) {
      auto& floats = list.back().samples;
      floats = series.histograms->pin(std::move(floats), shift_ms, from);
    }
  }
  return list;
}

Store::Store(StoreOptions options) : impl_(std::make_unique<Impl>(options)) {}
Store::~Store() { TOCSIN_CHECK(!impl_->appender_open, "an appender outlives its store"); }

Snapshot Store::snapshot(std::span<const Selection> selections) const {
  std::vector<std::vector<PinnedSeries>> lists;
  lists.reserve(selections.size());
  const std::shared_lock lock(impl_->mutex);
  for (const Selection& selection : selections) {
    lists.push_back(impl_->pin(selection));
  }
  return Snapshot(std::move(lists));
}

std::optional<Origin> Store::origin_of(SeriesRef ref) const {
  const std::shared_lock lock(impl_->mutex);
  const Series* series = impl_->find(ref);
  return series != nullptr ? std::optional(series->origin) : std::nullopt;
}

void Store::expire(base::WallTime now) {
  const std::unique_lock lock(impl_->mutex);
  impl_->floor_ms = base::to_millis(now - impl_->options.retention) - impl_->shift_ms;
  std::vector<Slot> empty;
  for (Slot slot = 0; slot < impl_->table.size(); ++slot) {
    if (!impl_->table[slot]) {
      continue;
    }
    Series& series = *impl_->table[slot];
    const std::size_t bytes_before = series.bytes();
    const std::size_t dropped = series.drop_before(impl_->floor_ms);
    if (dropped > 0) {
      impl_->samples -= dropped;
      impl_->head_bytes -= bytes_before - series.bytes();
    }
    // What the open appender is about to write to stays.
    if (series.empty() && series.staging == 0) {
      empty.push_back(slot);
    }
  }
  if (!empty.empty()) {
    impl_->drop(empty);
    // Remembered selections hold slots only, but the matchers of most ad-hoc ones are stale now.
    const std::lock_guard cache_lock(impl_->cache_mutex);
    std::erase_if(impl_->cache, [this](const auto& entry) {
      return entry.second.version + 1 < impl_->index_version;
    });
  }
  impl_->symbols.sweep();
}

void Store::shift_times(base::Duration delta) {
  TOCSIN_CHECK(!impl_->appender_open, "times move while a batch is being written");
  const std::unique_lock lock(impl_->mutex);
  impl_->shift_ms += delta.count();
}

void Store::set_retention(base::Duration retention) {
  const std::unique_lock lock(impl_->mutex);
  impl_->options.retention = retention;
}

base::Duration Store::retention() const {
  const std::shared_lock lock(impl_->mutex);
  return impl_->options.retention;
}

StoreStats Store::stats() const {
  const std::shared_lock lock(impl_->mutex);
  return {.series = impl_->live,
          .samples = impl_->samples,
          .bytes = impl_->head_bytes + impl_->label_bytes + impl_->symbols.bytes() +
                   impl_->index.bytes(),
          .appended_total = impl_->appended_total,
          .refused_total = impl_->refused_total,
          .created_total = impl_->created_total,
          .dropped_total = impl_->dropped_total};
}

}  // namespace tocsin::series
