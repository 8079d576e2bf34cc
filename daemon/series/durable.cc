// The store's side of what outlives the process: sealing and coming back.
#include <algorithm>
#include <bit>
#include <limits>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "series/block.h"
#include "series/store_impl.h"

namespace tocsin::series {

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

void Store::Impl::rewritten(Series& series, std::int64_t time_ms) {
  if (time_ms <= series.sealed_ms) {
    series.sealed_ms = time_ms - 1;
  }
  if (sealing) {
    rewrites.push_back({series.ref, time_ms});
  }
}

void Store::set_durable(bool durable) {
  const std::unique_lock lock(impl_->mutex);
  impl_->options.durable = durable;
  impl_->log = {};
}

void Store::begin_sealing() {
  TOCSIN_CHECK(!impl_->sealing, "one seal at a time");
  impl_->sealing = true;
}

void Store::sealed(std::span<const Sealed> series) {
  const std::unique_lock lock(impl_->mutex);
  for (const Sealed& one : series) {
    Series* found = impl_->find(one.ref);
    if (found == nullptr || found->head.empty()) {
      continue;
    }
    const Head& head = found->head;
    // The last sample may have got another value before a newer one came: that is not remembered,
    // so it is sealed once more.
    const bool as_it_is = head.last_time_ms() == one.last.time_ms &&
                          std::bit_cast<std::uint64_t>(head.last_value()) ==
                              std::bit_cast<std::uint64_t>(one.last.value);
    found->sealed_ms = as_it_is ? one.last.time_ms : one.last.time_ms - 1;
  }
  for (const Impl::Rewrite& rewrite : impl_->rewrites) {
    if (Series* found = impl_->find(rewrite.ref)) {
      found->sealed_ms = std::min(found->sealed_ms, rewrite.time_ms - 1);
    }
  }
}

void Store::end_sealing() {
  impl_->sealing = false;
  impl_->rewrites.clear();
}

std::uint32_t Store::slots() const {
  const std::shared_lock lock(impl_->mutex);
  return static_cast<std::uint32_t>(impl_->table.size());
}

std::vector<BlockNeed> Store::needs(std::span<const Selection> selections) const {
  std::vector<Selection> kept;
  std::int64_t before_ms = 0;
  {
    const std::shared_lock lock(impl_->mutex);
    before_ms = impl_->memory_floor_ms;
    if (!impl_->options.durable) {
      return {};
    }
    for (const Selection& selection : selections) {
      Selection want = impl_->kept(selection);
      if (want.min_time_ms < before_ms) {
        kept.push_back(std::move(want));
      }
    }
  }
  return kept.empty() ? std::vector<BlockNeed>() : impl_->history.needs(kept, before_ms);
}

bool Store::reaches_past_memory(std::span<const Selection> selections) const {
  const std::shared_lock lock(impl_->mutex);
  return impl_->options.durable &&
         std::ranges::any_of(selections, [this](const Selection& selection) {
           return selection.min_time_ms < impl_->memory_floor_ms + impl_->shift_ms;
         });
}

History& Store::history() const { return impl_->history; }

std::uint32_t Store::last_id() const { return impl_->generation; }

void Store::set_last_id(std::uint32_t id) { impl_->note_stored(id); }

void Store::restore(const Block& block, bool stays, RestoredRefs& refs) {
  const std::unique_lock lock(impl_->mutex);
  for (std::size_t place = 0; place < block.size(); ++place) {
    const BlockSeries stored = block.series(place);
    Series* series = impl_->find(stored.labels);
    if (series == nullptr) {
      if (impl_->live >= impl_->options.max_series) {
        continue;
      }
      series = &impl_->create(impl_->reserve(stored.id), 0, stored.labels);
      series->restored = true;
      series->named = false;
    }
    series->named |= stays && stored.id == generation_of(series->ref);
    impl_->note_stored(stored.id);
    refs.set(stored.id, series->ref);
    if (stored.chunk.count == 0) {
      continue;
    }
    const std::size_t bytes_before = series->head.bytes();
    impl_->samples += series->head.adopt(stored.chunk);
    impl_->head_bytes += series->head.bytes() - bytes_before;
    series->sealed_ms = std::max(series->sealed_ms, stored.chunk.max_time_ms);
  }
  impl_->index.settle();
}

std::size_t Store::replay(const LogBatch& batch, RestoredRefs& refs) {
  const std::unique_lock lock(impl_->mutex);
  for (const LogBatch::Definition& definition : batch.definitions) {
    Series* series = impl_->find(definition.labels);
    if (series == nullptr) {
      if (impl_->live >= impl_->options.max_series) {
        continue;
      }
      series = &impl_->create(impl_->reserve(definition.id), 0, definition.labels);
      series->restored = true;
      series->named = false;
    }
    series->named |= definition.id == generation_of(series->ref);
    impl_->note_stored(definition.id);
    refs.set(definition.id, series->ref);
  }
  impl_->index.settle();
  std::size_t unknown = 0;
  for (const LogBatch::Entry& entry : batch.samples) {
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
  return unknown;
}

void Store::Impl::bound_log() {
  for (auto* entries : {&log.samples, &log.replaced}) {
    if (entries->size() > options.max_log_samples) {
      const std::size_t gone = entries->size() - options.max_log_samples / 2;
      entries->erase(entries->begin(), entries->begin() + static_cast<std::ptrdiff_t>(gone));
      unlogged_total += gone;
    }
  }
}

LogBatch Store::take_log() { return std::exchange(impl_->log, LogBatch()); }

base::Duration Store::shift() const {
  const std::shared_lock lock(impl_->mutex);
  return base::Duration(impl_->shift_ms);
}

std::optional<base::WallTime> Store::newest() const {
  const std::shared_lock lock(impl_->mutex);
  std::optional<std::int64_t> newest;
  for (const auto& series : impl_->table) {
    if (series && !series->head.empty()) {
      newest = std::max(newest.value_or(series->head.last_time_ms()), series->head.last_time_ms());
    }
  }
  return newest ? std::optional(base::from_millis(*newest + impl_->shift_ms)) : std::nullopt;
}

void Store::set_memory_floor(std::int64_t kept_ms) {
  const std::unique_lock lock(impl_->mutex);
  impl_->memory_floor_ms = kept_ms;
}

}  // namespace tocsin::series
