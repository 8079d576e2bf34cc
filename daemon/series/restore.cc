// How a store comes back: series of blocks and of the log.
#include <algorithm>
#include <bit>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "series/store_impl.h"

namespace tocsin::series {
namespace {

/// The labels of one block, made of the store's symbols: looked up once, not once per series.
class BlockLabels {
 public:
  BlockLabels(const Block& block, SymbolTable& symbols) : block_(block) {
    distinct_.reserve(block.distinct_labels());
    for (std::size_t number = 0; number < block.distinct_labels(); ++number) {
      model::Label label = block.label(number);
      distinct_.push_back({symbols.intern(label.name), symbols.intern(label.value)});
    }
  }

  StoredLabels of(std::size_t place) const {
    return {distinct_, block_.labels_of(place), block_.hash_of(place)};
  }

  model::Labels make(std::size_t place) const {
    std::vector<model::Label> labels;
    labels.reserve(block_.labels_of(place).size());
    for (const std::uint32_t number : block_.labels_of(place)) {
      labels.push_back(distinct_[number]);
    }
    return {std::move(labels), block_.hash_of(place)};
  }

  void note(std::size_t place, Slot slot) { created_.push_back({place, slot}); }

  /// Adds what was noted, label by label: one look-up in the index for each, not one per series.
  void add_to(Index& index) const {
    std::vector<std::size_t> ends(distinct_.size() + 1);
    for (const Created& one : created_) {
      for (const std::uint32_t number : block_.labels_of(one.place)) {
        ++ends[number + 1];
      }
    }
    for (std::size_t number = 0; number < distinct_.size(); ++number) {
      ends[number + 1] += ends[number];
    }
    std::vector<Slot> slots(ends.back());
    std::vector<std::size_t> at(ends.begin(), ends.end() - 1);
    for (const Created& one : created_) {
      for (const std::uint32_t number : block_.labels_of(one.place)) {
        slots[at[number]++] = one.slot;
      }
    }
    for (std::size_t number = 0; number < distinct_.size(); ++number) {
      const std::size_t count = ends[number + 1] - ends[number];
      if (count > 0) {
        index.add(distinct_[number], std::span(slots).subspan(ends[number], count));
      }
    }
  }

 private:
  struct Created {
    std::size_t place;
    Slot slot;
  };
  const Block& block_;
  std::vector<model::Label> distinct_;
  std::vector<Created> created_;
};

}  // namespace

void RestoredRefs::set(std::uint32_t id, SeriesRef ref) {
  auto& page = pages_[id / kPage];
  if (!page) {
    page = std::make_unique<Page>();
  }
  (*page)[id % kPage] = ref;
}

SeriesRef RestoredRefs::find(std::uint32_t id) const {
  if (last_ == nullptr || last_number_ != id / kPage) {
    const auto found = pages_.find(id / kPage);
    if (found == pages_.end()) {
      return 0;
    }
    last_number_ = id / kPage;
    last_ = found->second.get();
  }
  return (*last_)[id % kPage];
}

void Store::Impl::adopt(Series& series, const BlockSeries& stored) {
  const std::size_t bytes_before = series.bytes();
  samples += series.head.adopt(stored.chunk, stored.last, stored.before_last_ms);
  if (stored.chunk.count > 0) {
    series.sealed_ms = std::max(series.sealed_ms, stored.chunk.max_time_ms);
  }
  for (const model::HistogramSample& sample : stored.histograms) {
    replay(series, sample, true);
    series.sealed_ms = std::max(series.sealed_ms, sample.time_ms);
  }
  head_bytes += series.bytes() - bytes_before;
}

// The caller counts bytes.
void Store::Impl::replay(Series& series, const model::HistogramSample& sample, bool replaces) {
  if (!series.histograms) {
    series.histograms = std::make_unique<HistogramHead>();
  }
  HistogramHead& head = *series.histograms;
  if (head.empty() || sample.time_ms > head.last().time_ms) {
    head.adopt(sample);
    ++samples;
  } else if (replaces && head.at(sample.time_ms)) {
    head.replace(sample);
  }
}

void Store::Impl::prefetch(SeriesRef ref) const {
  const Slot slot = slot_of(ref);
  if (slot < table.size() && table[slot]) {
    prefetch(*table[slot]);
  }
}

void Store::Impl::prefetch(const Series& series) {
  const char* bytes = reinterpret_cast<const char*>(&series);
  for (std::size_t at = 0; at < sizeof(Series); at += 64) {
    __builtin_prefetch(bytes + at, 1);
  }
}

void Store::restore(const Block& block, bool stays, RestoredRefs& refs) {
  const std::unique_lock lock(impl_->mutex);
  BlockLabels labels(block, impl_->symbols);
  for (std::size_t place = 0; place < block.size(); ++place) {
    const BlockSeries stored = block.samples(place);
    const auto known = impl_->by_labels.find(labels.of(place));
    Series* series = nullptr;
    if (known != impl_->by_labels.end()) {
      series = impl_->table[known->slot].get();
    } else if (impl_->live < impl_->options.max_series) {
      series = &impl_->place(impl_->reserve(stored.id), 0, labels.make(place));
      series->restored = true;
      series->named = false;
      labels.note(place, slot_of(series->ref));
    } else {
      continue;
    }
    series->named |= stays && stored.id == generation_of(series->ref);
    impl_->note_stored(stored.id);
    refs.set(stored.id, series->ref);
    impl_->adopt(*series, stored);
  }
  labels.add_to(impl_->index);
  impl_->index.settle();
}

Series* Store::Impl::restore(const Named& named, RestoredRefs& refs) {
  Series* series = find(named.labels);
  if (series == nullptr) {
    if (live >= options.max_series) {
      return nullptr;
    }
    series = &create(reserve(named.id), 0, named.labels);
    series->restored = true;
    series->named = false;
  }
  note_stored(named.id);
  refs.set(named.id, series->ref);
  return series;
}

void Store::recall(std::span<const Named> named, RestoredRefs& refs) {
  const std::unique_lock lock(impl_->mutex);
  for (const Named& one : named) {
    impl_->restore(one, refs);
  }
  impl_->index.settle();
}

std::size_t Store::replay(const LogBatch& batch, RestoredRefs& refs) {
  const std::unique_lock lock(impl_->mutex);
  for (const LogBatch::Definition& definition : batch.definitions) {
    if (Series* series = impl_->restore(definition, refs)) {
      series->named |= definition.id == generation_of(series->ref);
    }
  }
  impl_->index.settle();
  std::size_t unknown = 0;
  for (std::size_t i = 0; i < batch.samples.size(); ++i) {
    const LogBatch::Entry& entry = batch.samples[i];
    if (i + kFetchAhead < batch.samples.size()) {
      impl_->prefetch(refs.find(batch.samples[i + kFetchAhead].id));
    }
    if (i + kFetchAhead / 2 < batch.samples.size()) {
      if (const Series* soon = impl_->find(refs.find(batch.samples[i + kFetchAhead / 2].id))) {
        soon->head.fetch_end();
      }
    }
    Series* series = impl_->find(refs.find(entry.id));
    if (series == nullptr) {
      ++unknown;
      continue;
    }
    Head& head = series->head;
    const std::size_t bytes_before = head.bytes();
    if (head.empty() || entry.sample.time_ms > head.last_time_ms()) {
      head.append(entry.sample);
      ++impl_->samples;
    }
    impl_->head_bytes += head.bytes() - bytes_before;
  }
  for (const LogBatch::Entry& entry : batch.replaced) {
    Series* series = impl_->find(refs.find(entry.id));
    const auto old = series != nullptr ? series->head.at(entry.sample.time_ms) : std::nullopt;
    if (old &&
        std::bit_cast<std::uint64_t>(*old) != std::bit_cast<std::uint64_t>(entry.sample.value)) {
      const std::size_t bytes_before = series->head.bytes();
      series->head.replace(entry.sample);
      impl_->head_bytes += series->head.bytes() - bytes_before;
      impl_->rewritten(*series, entry.sample.time_ms);
    }
  }
  for (const auto* entries : {&batch.histograms, &batch.replaced_histograms}) {
    const bool replaces = entries == &batch.replaced_histograms;
    for (const LogBatch::HistogramEntry& entry : *entries) {
      Series* series = impl_->find(refs.find(entry.id));
      if (series == nullptr) {
        ++unknown;
        continue;
      }
      const std::size_t bytes_before = series->bytes();
      impl_->replay(*series, entry.sample, replaces);
      impl_->head_bytes += series->bytes() - bytes_before;
      if (replaces) {
        impl_->rewritten(*series, entry.sample.time_ms);
      }
    }
  }
  return unknown;
}

}  // namespace tocsin::series
