#include "series/store.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/check.h"
#include "series/store_impl.h"
#include "series/watches.h"

namespace tocsin::series {
namespace {

// How many lists of matchers are remembered: more than the selectors of a large rule set.
constexpr std::size_t kMaxCachedSelections = 8192;

// A flat table that is half full on average.
constexpr std::size_t kDepartedBytes = 32;

std::size_t label_overhead(const model::Labels& labels) {
  constexpr std::size_t kLookUp = sizeof(LabelSlot) + 5;
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
  return found == by_labels.end() ? nullptr : table[found->slot].get();
}

SeriesRef Store::Impl::reserve() { return reserve(generation + 1); }

SeriesRef Store::Impl::reserve(std::uint32_t known_generation) {
  Slot slot = next_slot;
  if (free_slots.empty()) {
    ++next_slot;
  } else {
    slot = free_slots.back();
    free_slots.pop_back();
  }
  generation = std::max(generation, known_generation);
  return (SeriesRef{known_generation} << 32) | slot;
}

Series& Store::Impl::create(SeriesRef ref, Origin origin, const model::Labels& labels) {
  Series& series = place(ref, origin, symbols.intern(labels));
  index.add(slot_of(ref), series.labels);
  return series;
}

Series& Store::Impl::place(SeriesRef ref, Origin origin, model::Labels labels) {
  const Slot slot = slot_of(ref);
  if (slot >= table.size()) {
    table.resize(slot + 1);
  }
  table[slot] = std::make_unique<Series>();
  Series& series = *table[slot];
  series.ref = ref;
  series.origin = origin;
  series.labels = std::move(labels);
  by_labels.insert({slot, static_cast<std::uint32_t>(series.labels.hash())});
  ++index_version;
  ++live;
  ++created_total;
  label_bytes += label_overhead(series.labels);
  if (watches) {
    watches->created(series);
  }
  return series;
}

void Store::Impl::drop(const std::vector<Slot>& slots) {
  std::vector<Index::Removal> removals;
  removals.reserve(slots.size());
  for (const Slot slot : slots) {
    Series& series = *table[slot];
    if (series.live != nullptr) {
      watches->dropped(series);
    }
    label_bytes -= label_overhead(series.labels);
    head_bytes -= series.bytes();
    by_labels.erase(LabelSlot{slot, static_cast<std::uint32_t>(series.labels.hash())});
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
  std::string key = matchers_key(matchers);
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

Store::Store(StoreOptions options) : impl_(std::make_unique<Impl>(options)) {}
Store::~Store() { TOCSIN_CHECK(!impl_->appender_open, "an appender outlives its store"); }

Snapshot Store::snapshot(std::span<const Selection> selections) const {
  return snapshot(selections, {});
}

Snapshot Store::snapshot(std::span<const Selection> selections,
                         std::span<const Provision> given) const {
  std::vector<std::vector<PinnedSeries>> lists;
  lists.reserve(selections.size());
  const std::shared_lock lock(impl_->mutex);
  for (const Selection& selection : selections) {
    lists.push_back(impl_->pin(selection, given));
  }
  return Snapshot(std::move(lists));
}

std::optional<Origin> Store::origin_of(SeriesRef ref) const {
  const std::shared_lock lock(impl_->mutex);
  const Series* series = impl_->find(ref);
  return series != nullptr ? std::optional(series->origin) : std::nullopt;
}

void Store::begin(base::WallTime now) {
  const std::unique_lock lock(impl_->mutex);
  impl_->floor_ms = base::to_millis(now - impl_->options.retention) - impl_->shift_ms;
}

void Store::expire(base::WallTime now) {
  impl_->expire_from = 0;
  impl_->expired.clear();
  while (!expire_some(now, std::numeric_limits<std::uint32_t>::max())) {
  }
}

bool Store::expire_some(base::WallTime now, std::uint32_t slots) {
  const std::unique_lock lock(impl_->mutex);
  const StoreOptions& options = impl_->options;
  impl_->move_floors(now);
  const std::int64_t unsealed_floor = base::to_millis(now - options.max_unsealed) - impl_->shift_ms;
  const std::size_t end =
      std::min<std::size_t>(impl_->table.size(), std::size_t{impl_->expire_from} + slots);
  for (Slot slot = impl_->expire_from; slot < end; ++slot) {
    if (!impl_->table[slot]) {
      continue;
    }
    Series& series = *impl_->table[slot];
    const std::size_t bytes_before = series.bytes();
    const std::int64_t before = impl_->droppable_before(series, unsealed_floor);
    const std::size_t dropped = series.drop_before(before);
    if (options.durable && before > series.sealed_ms + 1) {
      impl_->unsealed_dropped_total += dropped;
    }
    if (dropped > 0) {
      impl_->samples -= dropped;
      impl_->head_bytes -= bytes_before - series.bytes();
    }
    if (series.empty()) {
      if (options.durable && dropped > 0 && before > impl_->accept_floor_ms) {
        impl_->departed[series.labels.hash()] = before - 1;
      }
      impl_->expired.push_back(slot);
    }
  }
  impl_->expire_from = static_cast<Slot>(end);
  if (end < impl_->table.size()) {
    return false;
  }
  impl_->expire_from = 0;
  impl_->drop_expired();
  return true;
}

void Store::Impl::move_floors(base::WallTime now) {
  const auto kept_before = [&](base::Duration age) {
    return base::to_millis(now - age) - shift_ms;
  };
  floor_ms = kept_before(options.retention);
  std::int64_t memory = floor_ms;
  std::int64_t accept = floor_ms;
  if (options.durable) {
    memory = std::max(memory, kept_before(options.window));
    const base::Duration late =
        std::max(options.window, std::min(options.accept_late, options.max_unsealed));
    accept = std::max(accept, kept_before(late));
  }
  // A longer window does not bring back what has left memory.
  memory_floor_ms = std::max(memory_floor_ms, memory);
  accept_floor_ms = std::max(accept_floor_ms, accept);
}

std::optional<std::int64_t> Store::Impl::ended_at(const model::Labels& labels) const {
  const auto found = departed.find(labels.hash());
  return found == departed.end() ? std::nullopt : std::optional(found->second);
}

std::int64_t Store::Impl::droppable_before(const Series& series,
                                           std::int64_t unsealed_floor_ms) const {
  if (!options.durable) {
    return memory_floor_ms;
  }
  return std::min(memory_floor_ms, std::max(series.sealed_ms + 1, unsealed_floor_ms));
}

void Store::Impl::drop_expired() {
  // Some may have got samples since they were looked at; what the open appender is about to write
  // to stays.
  std::erase_if(expired, [this](Slot slot) {
    const Series* series = table[slot].get();
    return series == nullptr || !series->empty() || series->staging != 0;
  });
  boost::unordered::erase_if(departed,
                             [this](const auto& one) { return one.second < accept_floor_ms; });
  if (!expired.empty()) {
    drop(expired);
    expired.clear();
    // Remembered selections hold slots only, but the matchers of most ad-hoc ones are stale now.
    const std::lock_guard cache_lock(cache_mutex);
    std::erase_if(cache,
                  [this](const auto& entry) { return entry.second.version + 1 < index_version; });
  }
  if (swept_dropped != dropped_total) {
    swept_dropped = dropped_total;
    symbols.sweep();
  }
}

void Store::shift_times(base::Duration delta) {
  TOCSIN_CHECK(!impl_->appender_open, "times move while a batch is being written");
  const std::unique_lock lock(impl_->mutex);
  impl_->shift_ms += delta.count();
  if (impl_->watches) {
    impl_->watches->shifted(delta.count());
  }
}

void Store::set_retention(base::Duration retention) {
  const std::unique_lock lock(impl_->mutex);
  impl_->options.retention = retention;
}

void Store::set_window(base::Duration window) {
  const std::unique_lock lock(impl_->mutex);
  impl_->options.window = window;
}

void Store::set_max_unsealed(base::Duration age) {
  const std::unique_lock lock(impl_->mutex);
  impl_->options.max_unsealed = age;
}

void Store::set_max_series(std::size_t series) {
  const std::unique_lock lock(impl_->mutex);
  impl_->options.max_series = series;
}

void Store::set_accept_late(base::Duration age) {
  const std::unique_lock lock(impl_->mutex);
  impl_->options.accept_late = age;
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
                   impl_->index.bytes() + impl_->departed.size() * kDepartedBytes,
          .appended_total = impl_->appended_total,
          .refused_total = impl_->refused_total,
          .created_total = impl_->created_total,
          .dropped_total = impl_->dropped_total,
          .unsealed_dropped_total = impl_->unsealed_dropped_total,
          .unlogged_total = impl_->unlogged_total};
}

}  // namespace tocsin::series
