// The store's side of what outlives the process: the log and sealing.
#include <algorithm>
#include <bit>
#include <limits>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "series/store_impl.h"

namespace tocsin::series {

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
    if (found == nullptr || found->empty()) {
      continue;
    }
    const Head& head = found->head;
    // The last sample may have got another value before a newer one came: that is not remembered,
    // so it is sealed once more.
    const bool as_it_is = (!head.empty() && head.last_time_ms() == one.last.time_ms &&
                           std::bit_cast<std::uint64_t>(head.last_value()) ==
                               std::bit_cast<std::uint64_t>(one.last.value)) ||
                          (found->histograms && found->histograms->at(one.last.time_ms));
    found->sealed_ms = as_it_is ? one.last.time_ms : one.last.time_ms - 1;
  }
  for (const Impl::Rewrite& rewrite : impl_->rewrites) {
    if (Series* found = impl_->find(rewrite.ref)) {
      found->sealed_ms = std::min(found->sealed_ms, rewrite.time_ms - 1);
    }
  }
}

void Store::unseal_all() {
  const std::unique_lock lock(impl_->mutex);
  for (const auto& series : impl_->table) {
    if (series) {
      series->sealed_ms = std::numeric_limits<std::int64_t>::min();
      series->named = false;
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

void Store::Impl::bound_log() { unlogged_total += log.shorten(options.max_log_samples); }

LogBatch Store::take_log() { return std::exchange(impl_->log, LogBatch()); }

base::Duration Store::shift() const {
  const std::shared_lock lock(impl_->mutex);
  return base::Duration(impl_->shift_ms);
}

void Store::set_memory_floor(std::int64_t kept_ms) {
  const std::unique_lock lock(impl_->mutex);
  impl_->memory_floor_ms = kept_ms;
  impl_->accept_floor_ms = kept_ms;
}

}  // namespace tocsin::series
