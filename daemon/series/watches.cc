#include "series/watches.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "series/kept_time.h"
#include "series/store.h"

namespace tocsin::series {
namespace {

const LiveSeries& live_of(const PinnedSeries& entry) {
  return static_cast<const LiveSeries&>(*entry.samples);
}

}  // namespace

void LiveSeries::read(std::int64_t min_time_ms, std::int64_t max_time_ms,
                      std::vector<model::Sample>& out) const {
  if (series_ == nullptr) {
    return;
  }
  const std::size_t begin = out.size();
  read_kept(series_->head, kept_time(min_time_ms, store_.shift_ms),
            kept_time(max_time_ms, store_.shift_ms), out);
  for (std::size_t i = begin; i < out.size(); ++i) {
    out[i].time_ms += store_.shift_ms;
  }
}

std::optional<model::Sample> LiveSeries::newest(std::int64_t min_time_ms,
                                                std::int64_t max_time_ms) const {
  if (series_ == nullptr || series_->head.empty()) {
    return std::nullopt;
  }
  const model::Sample last{series_->head.last_time_ms() + store_.shift_ms,
                           series_->head.last_value()};
  if (last.time_ms <= max_time_ms) {
    return last.time_ms >= min_time_ms ? std::optional(last) : std::nullopt;
  }
  return PinnedSamples::newest(min_time_ms, max_time_ms);
}

std::optional<AtHand> LiveSeries::at_hand(std::int64_t min_time_ms,
                                          std::int64_t max_time_ms) const {
  if (!recent_.covers(min_time_ms)) {
    return std::nullopt;
  }
  const std::span<const model::Sample> all = recent_.samples();
  const auto time = &model::Sample::time_ms;
  // Both ends are near those of what is kept, more often than not.
  std::size_t end = all.size();
  while (end > 0 && all[end - 1].time_ms > max_time_ms) {
    --end;
  }
  std::size_t begin = 0;
  if (end > 8 && all[8].time_ms < min_time_ms) {
    begin = static_cast<std::size_t>(
        std::ranges::lower_bound(all.first(end), min_time_ms, {}, time) - all.begin());
  } else {
    while (begin < end && all[begin].time_ms < min_time_ms) {
      ++begin;
    }
  }
  return AtHand{all.subspan(begin, end - begin), recent_.first() + begin};
}

Watch::Watch(std::weak_ptr<Watches> watches, std::uint32_t id, model::Matchers matchers,
             std::int64_t keep_ms)
    : watches_(std::move(watches)),
      id_(id),
      matchers_(std::move(matchers)),
      keep_ms_(keep_ms),
      list_(std::make_shared<Snapshot::List>()) {}

Watch::~Watch() {
  if (const auto watches = watches_.lock()) {
    watches->leave(*this);
  }
}

void Watch::add(std::shared_ptr<LiveSeries> series) {
  added_.push_back(std::move(series));
  changed_ = true;
}

void Watch::settle() {
  std::erase_if(added_, [](const auto& live) { return live->series_ == nullptr; });
  if (list_.use_count() > 1) {
    list_ = std::make_shared<Snapshot::List>(*list_);
  }
  std::erase_if(*list_,
                [](const PinnedSeries& entry) { return live_of(entry).series_ == nullptr; });
  const auto middle = static_cast<std::ptrdiff_t>(list_->size());
  for (auto& live : added_) {
    const Series& series = *live->series_;
    const SeriesRef ref = series.restored ? 0 : series.ref;
    list_->push_back({series.labels, series.origin, ref, std::move(live)});
  }
  added_.clear();
  std::ranges::sort(list_->begin() + middle, list_->end(), {}, &PinnedSeries::labels);
  std::ranges::inplace_merge(*list_, list_->begin() + middle, {}, &PinnedSeries::labels);
  changed_ = false;
}

std::shared_ptr<const Snapshot::List> Watch::list() {
  const auto watches = watches_.lock();
  if (changed_ && watches) {
    settle();
    version_ = ++watches->versions_;
  }
  return list_;
}

bool Watch::floats_only() {
  if (!histograms_) {
    return true;
  }
  const auto has = [](const PinnedSeries& entry) {
    const Series* series = live_of(entry).series_;
    return series != nullptr && series->histograms;
  };
  histograms_ = std::ranges::any_of(*list(), has);
  return !histograms_;
}

std::shared_ptr<Watch> Watches::watch(const model::Matchers& matchers, std::int64_t keep_ms) {
  const auto [known, fresh] = by_matchers_.try_emplace(matchers_key(matchers), nullptr);
  if (!fresh) {
    if (auto watch = known->second->weak_from_this().lock()) {
      for (const PinnedSeries& entry : *watch->list()) {
        keep(*live_of(entry).series_->live, keep_ms);
      }
      watch->keep_ms_ = std::max(watch->keep_ms_, keep_ms);
      return watch;
    }
  }
  const auto free = std::ranges::find(by_id_, nullptr);
  const auto id = static_cast<std::uint32_t>(free - by_id_.begin());
  auto watch = std::make_shared<Watch>(weak_from_this(), id, matchers, keep_ms);
  if (free == by_id_.end()) {
    by_id_.push_back(nullptr);
  }
  by_id_[id] = watch.get();
  known->second = watch.get();
  index_.add(id, matchers);
  for (const Slot slot : store_.look_up(matchers)) {
    join(*watch, *store_.table[slot]);
  }
  return watch;
}

void Watches::leave(Watch& watch) {
  watch.settle();
  for (const PinnedSeries& entry : *watch.list_) {
    LiveSeries& live = *live_of(entry).series_->live;
    std::erase(live.watches_, &watch);
    if (live.watches_.empty()) {
      dropped(*live.series_);
    }
  }
  index_.remove(watch.id_, watch.matchers_);
  by_id_[watch.id_] = nullptr;
  by_matchers_.erase(matchers_key(watch.matchers_));
}

void Watches::join(Watch& watch, Series& series) {
  if (series.live == nullptr) {
    auto live = std::make_shared<LiveSeries>(store_, series);
    series.live = live.get();
    live_.emplace(series.ref, std::move(live));
  }
  LiveSeries& live = *series.live;
  live.watches_.push_back(&watch);
  keep(live, watch.keep_ms_);
  watch.add(live_.at(series.ref));
  watch.histograms_ = watch.histograms_ || series.histograms;
}

void Watches::keep(LiveSeries& live, std::int64_t keep_ms) {
  if (keep_ms > live.keep_ms_ && live.series_ != nullptr) {
    live.keep_ms_ = keep_ms;
    fill(live);
  }
}

void Watches::fill(LiveSeries& live) {
  const std::size_t before = live.recent_.bytes();
  const Head& head = live.series_->head;
  if (head.empty()) {
    live.recent_.assign({}, std::numeric_limits<std::int64_t>::min());
  } else {
    const std::int64_t last_ms = head.last_time_ms() + store_.shift_ms;
    std::vector<model::Sample> samples;
    live.read(last_ms - live.keep_ms_, last_ms, samples);
    live.recent_.assign(samples, last_ms - live.keep_ms_);
  }
  bytes_ += live.recent_.bytes() - before;
  bound(live);
}

void Watches::bound(LiveSeries& live) {
  if (bytes_ > store_.options.max_watched_bytes) {
    bytes_ -= live.recent_.bytes();
    live.recent_.clear();
  }
}

void Watches::created(Series& series) {
  for (const MatcherIndex::Id id : index_.find(series.labels)) {
    join(*by_id_[id], series);
  }
}

void Watches::dropped(Series& series) {
  if (series.live == nullptr) {
    return;
  }
  LiveSeries& live = *std::exchange(series.live, nullptr);
  for (Watch* watch : live.watches_) {
    watch->changed_ = true;
  }
  live.series_ = nullptr;
  bytes_ -= live.recent_.bytes();
  live.recent_.clear();
  live_.erase(series.ref);
}

void Watches::moved(Series& series) {
  if (series.live != nullptr) {
    dropped(series);
    created(series);
  }
}

void Watches::appended(LiveSeries& live, model::Sample kept) {
  if (live.keep_ms_ == 0) {
    return;
  }
  const std::size_t before = live.recent_.bytes();
  live.recent_.push({kept.time_ms + store_.shift_ms, kept.value}, live.keep_ms_);
  if (live.recent_.bytes() != before) {
    bytes_ += live.recent_.bytes() - before;
    bound(live);
  }
}

void Watches::replaced(LiveSeries& live, model::Sample kept) {
  if (live.keep_ms_ == 0) {
    return;
  }
  if (!live.recent_.replace({kept.time_ms + store_.shift_ms, kept.value})) {
    fill(live);
  }
}

void Watches::got_histograms(LiveSeries& live) {
  for (Watch* watch : live.watches_) {
    watch->histograms_ = true;
  }
}

void Watches::shifted(std::int64_t delta_ms) {
  for (auto& [ref, live] : live_) {
    live->recent_.shift(delta_ms);
  }
}

WatchStats Watches::stats() const {
  return {.watches = by_matchers_.size(), .series = live_.size(), .bytes = bytes_};
}

Snapshot Store::live(std::span<const Selection> selections, std::span<const base::Duration> keep,
                     Watching& watching) {
  if (!impl_->watches) {
    impl_->watches = std::make_shared<Watches>(*impl_);
  }
  watching.resize(selections.size());
  Snapshot snapshot;
  for (std::size_t i = 0; i < selections.size(); ++i) {
    std::shared_ptr<Watch>& watch = watching[i];
    if (!watch) {
      watch = impl_->watches->watch(selections[i].matchers, keep[i].count());
    }
    const std::int64_t from = kept_time(selections[i].min_time_ms, impl_->shift_ms);
    if (from >= impl_->whole_from() && watch->floats_only()) {
      auto list = watch->list();
      snapshot.add(std::move(list), watch->version());
    } else {
      snapshot.add(std::make_shared<const Snapshot::List>(impl_->pin(selections[i], {})), 0);
    }
  }
  return snapshot;
}

WatchStats Store::watch_stats() const {
  return impl_->watches ? impl_->watches->stats() : WatchStats();
}

}  // namespace tocsin::series
