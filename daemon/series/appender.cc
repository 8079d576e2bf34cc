#include <bit>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "series/appender_state.h"
#include "series/watches.h"

namespace tocsin::series {
namespace {

/// Room for what follows a page's samples: how the poll went, and marks of a few that ended.
constexpr std::size_t kSpare = 64;

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

}  // namespace

std::uint32_t Appender::State::stage(Series& series) {
  if (series.staging == 0) {
    Staging staging{.ref = series.ref, .series = &series};
    if (!series.head.empty()) {
      staging.has_samples = true;
      staging.last_time_ms = series.head.last_time_ms();
      staging.last_value = series.head.last_value();
    }
    note_last_histogram(staging, series);
    if (!staging.has_samples) {
      note_end(staging, series.labels);
    }
    stagings.push_back(std::move(staging));
    series.staging = static_cast<std::uint32_t>(stagings.size());
  }
  return series.staging - 1;
}

base::Result<std::uint32_t> Appender::State::stage(const model::Labels& labels) {
  if (Series* series = store.find(labels)) {
    return stage(*series);
  }
  if (const auto found = to_create.find(labels); found != to_create.end()) {
    return found->second;
  }
  const std::size_t more = origin == 0 ? store.options.series_of_rules : 0;
  if (store.live + to_create.size() >= store.options.max_series + more) {
    return base::Error(
        base::ErrorCode::kLimitExceeded,
        "the limit of " + std::to_string(store.options.max_series) + " series is reached");
  }
  const auto place = static_cast<std::uint32_t>(stagings.size());
  const SeriesRef ref = store.reserve();
  stagings.push_back({.ref = ref, .labels = labels});
  note_end(stagings.back(), labels);
  to_create.emplace(labels, place);
  to_create_by_ref.emplace(ref, place);
  return place;
}

void Appender::State::note_end(Staging& staging, const model::Labels& labels) const {
  staging.left_ms = store.ended_at(labels);
}

AppendOutcome Appender::State::judge(const Staging& staging, model::Sample sample) const {
  if (sample.time_ms < store.oldest_accepted()) {
    return AppendOutcome::kTooOld;
  }
  if (staging.left_ms && sample.time_ms <= *staging.left_ms) {
    return AppendOutcome::kOutOfOrder;
  }
  if (!staging.has_samples || sample.time_ms > staging.last_time_ms) {
    return AppendOutcome::kStored;
  }
  if (sample.time_ms < staging.last_time_ms) {
    return AppendOutcome::kOutOfOrder;
  }
  return !staging.last_histogram && same_bits(sample.value, staging.last_value)
             ? AppendOutcome::kDuplicate
             : AppendOutcome::kConflict;
}

void Appender::State::push(std::uint32_t place, model::Sample sample, bool replaces) {
  Staging& staging = stagings[place];
  pending.push_back({sample, place, staging.last_entry, replaces});
  staging.last_entry = static_cast<std::uint32_t>(pending.size() - 1);
  if (!staging.has_samples || sample.time_ms >= staging.last_time_ms) {
    staging.has_samples = true;
    staging.last_time_ms = sample.time_ms;
    staging.last_value = sample.value;
    staging.last_histogram = nullptr;
  }
}

Pending* Appender::State::pending_at(const Staging& staging, std::int64_t time_ms) {
  for (std::uint32_t entry = staging.last_entry; entry != kNone; entry = pending[entry].previous) {
    if (pending[entry].sample.time_ms == time_ms) {
      return &pending[entry];
    }
  }
  return nullptr;
}

AppendOutcome Appender::State::add(std::uint32_t place, model::Sample sample) {
  const AppendOutcome outcome = judge(stagings[place], sample);
  if (outcome == AppendOutcome::kStored) {
    push(place, sample, false);
  } else if (outcome != AppendOutcome::kDuplicate) {
    ++refused;
  }
  return outcome;
}

AppendOutcome Appender::State::put(std::uint32_t place, model::Sample sample) {
  Staging& staging = stagings[place];
  const AppendOutcome outcome = judge(staging, sample);
  if (outcome == AppendOutcome::kStored || outcome == AppendOutcome::kDuplicate) {
    if (outcome == AppendOutcome::kStored) {
      push(place, sample, false);
    }
    return outcome;
  }
  if (outcome == AppendOutcome::kTooOld) {
    ++refused;
    return outcome;
  }
  if (store.options.durable && sample.time_ms != staging.last_time_ms) {
    // It may be in a block, and a start may not read that one back.
    ++refused;
    return AppendOutcome::kOutOfOrder;
  }
  if (Pending* waiting = pending_at(staging, sample.time_ms)) {
    const bool same = same_bits(waiting->sample.value, sample.value);
    waiting->sample.value = sample.value;
    if (sample.time_ms == staging.last_time_ms) {
      staging.last_value = sample.value;
    }
    return same ? AppendOutcome::kDuplicate : AppendOutcome::kReplaced;
  }
  const std::optional<double> old =
      staging.series != nullptr ? staging.series->head.at(sample.time_ms) : std::nullopt;
  if (!old) {
    ++refused;
    return AppendOutcome::kOutOfOrder;
  }
  if (same_bits(*old, sample.value)) {
    return AppendOutcome::kDuplicate;
  }
  push(place, sample, true);
  return AppendOutcome::kReplaced;
}

Appender::Appender(std::unique_ptr<State> state) : state_(std::move(state)) {}
Appender::Appender(Appender&&) noexcept = default;
Appender::~Appender() = default;

Appender::State::State(Store::Impl& store_impl, Origin batch_origin)
    : store(store_impl), origin(batch_origin) {}

Appender::State::~State() {
  for (const Staging& staging : stagings) {
    if (staging.series != nullptr) {
      staging.series->staging = 0;
    } else {
      store.release(staging.ref);
    }
  }
  store.appender_open = false;
  if (refused > 0) {
    const std::unique_lock lock(store.mutex);
    store.refused_total += refused;
  }
}

Appender Store::appender(Origin origin) {
  TOCSIN_CHECK(!impl_->appender_open, "one appender at a time");
  impl_->appender_open = true;
  return Appender(std::make_unique<Appender::State>(*impl_, origin));
}

base::Result<AppendOutcome> Appender::append(const model::Labels& labels, model::Sample sample) {
  TOCSIN_CHECK(state_, "the appender has been committed");
  const base::Result<std::uint32_t> place = state_->stage(labels);
  if (!place) {
    ++state_->refused;
    return place.error();
  }
  return state_->add(*place, state_->kept(sample));
}

base::Result<AppendOutcome> Appender::append(SeriesRef ref, model::Sample sample) {
  TOCSIN_CHECK(state_, "the appender has been committed");
  if (Series* series = state_->store.find(ref)) {
    return state_->add(state_->stage(*series), state_->kept(sample));
  }
  const auto found = state_->to_create_by_ref.find(ref);
  if (found == state_->to_create_by_ref.end()) {
    return base::Error(base::ErrorCode::kNotFound, "the series has been dropped");
  }
  return state_->add(found->second, state_->kept(sample));
}

void Appender::append_all(std::span<const RefSample> samples, std::vector<Refusal>& refused) {
  TOCSIN_CHECK(state_, "the appender has been committed");
  if (state_->pending.empty()) {
    state_->stagings.reserve(samples.size() + kSpare);
    state_->pending.reserve(samples.size() + kSpare);
  }
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (i + kFetchAhead < samples.size()) {
      state_->store.prefetch(samples[i + kFetchAhead].ref);
    }
    std::optional<AppendOutcome> outcome;
    if (auto one = append(samples[i].ref, samples[i].sample)) {
      outcome = *one;
    }
    if (outcome != AppendOutcome::kStored && outcome != AppendOutcome::kDuplicate) {
      refused.push_back({i, outcome});
    }
  }
}

base::Result<AppendOutcome> Appender::put(const model::Labels& labels, model::Sample sample) {
  TOCSIN_CHECK(state_, "the appender has been committed");
  const base::Result<std::uint32_t> place = state_->stage(labels);
  if (!place) {
    ++state_->refused;
    return place.error();
  }
  return state_->put(*place, state_->kept(sample));
}

std::optional<SeriesRef> Appender::find(const model::Labels& labels) const {
  TOCSIN_CHECK(state_, "the appender has been committed");
  if (const Series* series = state_->store.find(labels)) {
    return series->ref;
  }
  const auto found = state_->to_create.find(labels);
  if (found == state_->to_create.end()) {
    return std::nullopt;
  }
  return state_->stagings[found->second].ref;
}

void Appender::State::fetch_ahead(std::size_t at) const {
  if (at + kFetchAhead < pending.size()) {
    if (const Series* series = stagings[pending[at + kFetchAhead].staging].series) {
      Store::Impl::prefetch(*series);
    }
  }
  if (at + kFetchAhead / 2 < pending.size()) {
    if (const Series* series = stagings[pending[at + kFetchAhead / 2].staging].series) {
      series->head.fetch_end();
    }
  }
}

void Appender::State::begin(Staging& staging, CommitResult& result) {
  bool fresh = false;
  if (staging.series == nullptr) {
    staging.series = &store.create(staging.ref, origin, staging.labels);
    staging.series->named = false;
    fresh = true;
  }
  Series& series = *staging.series;
  if (series.restored) {
    // To whoever writes it, it is as new as if it had not been there before.
    series.restored = false;
    series.origin = origin;
    if (series.live != nullptr) {
      store.watches->moved(series);
    }
    fresh = true;
  }
  if (fresh) {
    result.created.push_back({staging.ref, series.labels});
  }
  if (store.options.durable && !series.named) {
    series.named = true;
    store.log.definitions.push_back({generation_of(staging.ref), series.labels});
  }
}

CommitResult Appender::commit() {
  TOCSIN_CHECK(state_, "the appender has been committed");
  CommitResult result;
  Store::Impl& store = state_->store;
  const bool durable = store.options.durable;
  {
    const std::unique_lock lock(store.mutex);
    for (std::size_t at = 0; at < state_->pending.size(); ++at) {
      state_->fetch_ahead(at);
      const Pending& entry = state_->pending[at];
      Staging& staging = state_->stagings[entry.staging];
      state_->begin(staging, result);
      Head& head = staging.series->head;
      const std::size_t bytes_before = head.bytes();
      if (entry.replaces) {
        head.replace(entry.sample);
        store.rewritten(*staging.series, entry.sample.time_ms);
      } else {
        head.append(entry.sample);
        ++store.samples;
      }
      if (LiveSeries* live = staging.series->live) {
        entry.replaces ? store.watches->replaced(*live, entry.sample)
                       : store.watches->appended(*live, entry.sample);
      }
      store.head_bytes += head.bytes() - bytes_before;
      if (durable) {
        auto& logged = entry.replaces ? store.log.replaced : store.log.samples;
        logged.push_back({generation_of(staging.ref), entry.sample});
      }
      ++result.stored;
    }
    state_->commit_histograms(result);
    store.bound_log();
    store.index.settle();
    store.appended_total += result.stored;
  }
  result.refused = state_->refused;
  state_.reset();
  return result;
}

}  // namespace tocsin::series
