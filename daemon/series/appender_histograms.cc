#include <algorithm>
#include <utility>

#include "base/check.h"
#include "series/appender_state.h"

/// What appenders do with native histograms: as with floats, in a list of their own.
namespace tocsin::series {

using model::HistogramSample;

namespace {

bool same(const model::Histogram& a, const model::Histogram& b) {
  return a.is_stale() == b.is_stale() && model::same_distribution(a, b);
}

}  // namespace

HistogramSample Appender::State::kept(HistogramSample sample) const {
  sample.time_ms -= store.shift_ms;
  sample.start_ms -= sample.start_ms != 0 ? store.shift_ms : 0;
  return sample;
}

void Appender::State::note_last_histogram(Staging& staging, const Series& series) {
  if (!series.histograms) {
    return;
  }
  const HistogramSample& last = series.histograms->last();
  if (!staging.has_samples || last.time_ms > staging.last_time_ms) {
    staging.has_samples = true;
    staging.last_time_ms = last.time_ms;
    staging.last_histogram = last.histogram;
  }
}

AppendOutcome Appender::State::judge(const Staging& staging, const HistogramSample& sample) const {
  const AppendOutcome by_time = judge(staging, model::Sample{sample.time_ms, 0});
  if (by_time != AppendOutcome::kDuplicate && by_time != AppendOutcome::kConflict) {
    return by_time;
  }
  return staging.last_histogram && same(*staging.last_histogram, *sample.histogram)
             ? AppendOutcome::kDuplicate
             : AppendOutcome::kConflict;
}

void Appender::State::push(std::uint32_t place, HistogramSample sample, bool replaces) {
  Staging& staging = stagings[place];
  if (!staging.has_samples || sample.time_ms >= staging.last_time_ms) {
    staging.has_samples = true;
    staging.last_time_ms = sample.time_ms;
    staging.last_histogram = sample.histogram;
  }
  pending_histograms.push_back({std::move(sample), place, replaces});
}

AppendOutcome Appender::State::add(std::uint32_t place, HistogramSample sample) {
  const AppendOutcome outcome = judge(stagings[place], sample);
  if (outcome == AppendOutcome::kStored) {
    push(place, std::move(sample), false);
  } else if (outcome != AppendOutcome::kDuplicate) {
    ++refused;
  }
  return outcome;
}

AppendOutcome Appender::State::put(std::uint32_t place, HistogramSample sample) {
  Staging& staging = stagings[place];
  const AppendOutcome outcome = judge(staging, sample);
  if (outcome == AppendOutcome::kDuplicate) {
    return outcome;
  }
  if (outcome == AppendOutcome::kStored) {
    push(place, std::move(sample), false);
    return outcome;
  }
  if (outcome != AppendOutcome::kTooOld) {
    const auto waiting = std::ranges::find_if(pending_histograms, [&](const auto& entry) {
      return entry.staging == place && entry.sample.time_ms == sample.time_ms;
    });
    if (waiting != pending_histograms.end()) {
      if (sample.time_ms == staging.last_time_ms) {
        staging.last_histogram = sample.histogram;
      }
      waiting->sample = std::move(sample);
      return AppendOutcome::kReplaced;
    }
    const Series* series = staging.series;
    // When durable, an older one may be in a block, and a start may not read that back.
    const bool reachable = !store.options.durable || sample.time_ms == staging.last_time_ms;
    if (reachable && series != nullptr && series->histograms &&
        series->histograms->at(sample.time_ms)) {
      push(place, std::move(sample), true);
      return AppendOutcome::kReplaced;
    }
  }
  ++refused;
  return outcome == AppendOutcome::kConflict ? AppendOutcome::kOutOfOrder : outcome;
}

void Appender::State::commit_histograms(CommitResult& result) {
  for (PendingHistogram& entry : pending_histograms) {
    Staging& staging = stagings[entry.staging];
    begin(staging, result);
    Series& series = *staging.series;
    if (!series.histograms) {
      series.histograms = std::make_unique<HistogramHead>();
    }
    HistogramHead& head = *series.histograms;
    const std::size_t bytes_before = head.bytes();
    const std::int64_t time_ms = entry.sample.time_ms;
    if (entry.replaces) {
      head.replace(entry.sample);
      store.rewritten(series, time_ms);
    } else {
      const bool after_float =
          !head.empty() && !series.head.empty() && series.head.last_time_ms() > head.last().time_ms;
      head.append(entry.sample, after_float);
      ++store.samples;
      entry.sample = head.last();
    }
    if (store.options.durable) {
      auto& logged = entry.replaces ? store.log.replaced_histograms : store.log.histograms;
      logged.push_back({generation_of(staging.ref), std::move(entry.sample)});
    }
    store.head_bytes += head.bytes() - bytes_before;
    ++result.stored;
  }
}

base::Result<AppendOutcome> Appender::append(const model::Labels& labels, HistogramSample sample) {
  TOCSIN_CHECK(state_, "the appender has been committed");
  const base::Result<std::uint32_t> place = state_->stage(labels);
  if (!place) {
    ++state_->refused;
    return place.error();
  }
  return state_->add(*place, state_->kept(std::move(sample)));
}

base::Result<AppendOutcome> Appender::put(const model::Labels& labels, HistogramSample sample) {
  TOCSIN_CHECK(state_, "the appender has been committed");
  const base::Result<std::uint32_t> place = state_->stage(labels);
  if (!place) {
    ++state_->refused;
    return place.error();
  }
  return state_->put(*place, state_->kept(std::move(sample)));
}

}  // namespace tocsin::series
