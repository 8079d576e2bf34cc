#include "promql/extended.h"

#include <algorithm>
#include <utility>

#include "model/histogram_algebra.h"
#include "promql/histogram_ranges.h"
#include "promql/starts.h"

namespace tocsin::promql {
namespace {

using model::Histogram;
using model::HistogramSample;
using model::Sample;

double seconds(std::int64_t milliseconds) { return static_cast<double>(milliseconds) / 1000.0; }

// How many samples are not later than `time_ms`.
template <class T>
std::size_t count_until(std::span<const T> samples, std::int64_t time_ms) {
  const auto end = std::ranges::upper_bound(samples, time_ms, {}, &T::time_ms);
  return static_cast<std::size_t>(end - samples.begin());
}

void cut(RangeInput& input, std::size_t floats_begin, std::size_t floats_end,
         std::size_t histograms_begin, std::size_t histograms_end) {
  input.samples = input.samples.subspan(floats_begin, floats_end - floats_begin);
  if (!input.float_starts.empty()) {
    input.float_starts = input.float_starts.subspan(floats_begin, floats_end - floats_begin);
  }
  input.histograms = input.histograms.subspan(histograms_begin, histograms_end - histograms_begin);
}

// Cuts off what lies behind the first sample that is not earlier than the end.
void cut_at_end(RangeInput& input) {
  std::size_t floats = count_until(input.samples, input.end_ms - 1);
  std::size_t histograms = count_until(input.histograms, input.end_ms - 1);
  const bool more_floats = floats < input.samples.size();
  const bool more_histograms = histograms < input.histograms.size();
  if (more_histograms &&
      (!more_floats || input.histograms[histograms].time_ms < input.samples[floats].time_ms)) {
    ++histograms;
  } else if (more_floats) {
    ++floats;
  }
  cut(input, 0, floats, 0, histograms);
}

std::int64_t last_time(const RangeInput& input) {
  std::int64_t time = input.samples.empty() ? input.start_ms : input.samples.back().time_ms;
  if (!input.histograms.empty()) {
    time = std::max(time, input.histograms.back().time_ms);
  }
  return time;
}

// The part of the way from one sample to the next that lies within the range.
double share(const RangeInput& input, std::int64_t from_ms, std::int64_t to_ms, bool smoothed) {
  if (!smoothed) {
    return 1;
  }
  const std::int64_t inside = std::min(to_ms, input.end_ms) - std::max(from_ms, input.start_ms);
  return static_cast<double>(inside) / static_cast<double>(to_ms - from_ms);
}

double change_of_floats(const RangeInput& input, ChangeKind kind) {
  double change = 0;
  for (std::size_t i = 1; i < input.samples.size(); ++i) {
    const Sample& from = input.samples[i - 1];
    const Sample& to = input.samples[i];
    const std::int64_t start = input.float_starts.empty() ? 0 : input.float_starts[i];
    const bool reset =
        kind.counter && (to.value < from.value || started_between(start, from.time_ms, to.time_ms));
    change += (reset ? to.value : to.value - from.value) *
              share(input, from.time_ms, to.time_ms, kind.smoothed);
  }
  return change;
}

bool join(Histogram& to, const Histogram& other, bool plus, const RangeInput& input) {
  const model::Joining joining = plus ? model::add(to, other) : model::subtract(to, other);
  if (joining.incompatible) {
    input.note(Note::kMixedExponentialCustom);
  } else if (joining.bounds_reconciled) {
    input.note(plus ? Note::kBoundsReconciledAddition : Note::kBoundsReconciledSubtraction);
  }
  return !joining.incompatible;
}

std::optional<Histogram> change_of_histograms(const RangeInput& input, ChangeKind kind) {
  note_kind(input.histograms, kind.counter, input);
  std::optional<Histogram> change;
  for (std::size_t i = 1; i < input.histograms.size(); ++i) {
    const HistogramSample& from = input.histograms[i - 1];
    const HistogramSample& to = input.histograms[i];
    Histogram step = *to.histogram;
    const bool reset = kind.counter && is_reset(to, from);
    if (!reset && !join(step, *from.histogram, false, input)) {
      return std::nullopt;
    }
    step.reset = model::CounterReset::kGauge;
    model::multiply(step, share(input, from.time_ms, to.time_ms, kind.smoothed));
    if (!change) {
      change = std::move(step);
    } else if (!join(*change, step, true, input)) {
      return std::nullopt;
    }
  }
  if (!change) {
    change = model::zero_like(*input.histograms.front().histogram);
  }
  change->reset = model::CounterReset::kGauge;
  return change;
}

// The value between two samples of a gauge.
double between(const Sample& from, const Sample& to, std::int64_t time_ms) {
  return from.value + (to.value - from.value) * static_cast<double>(time_ms - from.time_ms) /
                          static_cast<double>(to.time_ms - from.time_ms);
}

std::optional<Number> between(const HistogramSample& from, const HistogramSample& to,
                              std::int64_t time_ms, const RangeInput& input) {
  const double share =
      static_cast<double>(time_ms - from.time_ms) / static_cast<double>(to.time_ms - from.time_ms);
  Histogram step = *to.histogram;
  step.reset = model::CounterReset::kGauge;
  if (!join(step, *from.histogram, false, input)) {
    return std::nullopt;
  }
  model::multiply(step, share);
  if (!join(step, *from.histogram, true, input)) {
    return std::nullopt;
  }
  step.reset = model::CounterReset::kGauge;
  step.compact();
  return Number(std::move(step));
}

}  // namespace

std::optional<RangeInput> from_anchor(const RangeInput& input) {
  if (last_time(input) <= input.start_ms) {
    return std::nullopt;
  }
  std::size_t floats = count_until(input.samples, input.start_ms);
  std::size_t histograms = count_until(input.histograms, input.start_ms);
  if (histograms > 0 && (floats == 0 || input.histograms[histograms - 1].time_ms >
                                            input.samples[floats - 1].time_ms)) {
    --histograms;
  } else if (floats > 0) {
    --floats;
  }
  RangeInput rest = input;
  cut(rest, floats, input.samples.size(), histograms, input.histograms.size());
  return rest;
}

std::optional<Number> extended_change(const RangeInput& input, ChangeKind kind) {
  RangeInput whole = input;
  if (kind.smoothed) {
    cut_at_end(whole);
  }
  const auto range = from_anchor(whole);
  if (!range || refuses_mix(*range)) {
    return std::nullopt;
  }
  const double per = kind.per_second ? seconds(input.end_ms - input.start_ms) : 1;
  if (range->histograms.empty()) {
    return change_of_floats(*range, kind) / per;
  }
  auto change = change_of_histograms(*range, kind);
  if (!change) {
    return std::nullopt;
  }
  if (kind.per_second) {
    model::divide(*change, per);
  }
  change->compact();
  return Number(std::move(*change));
}

std::optional<Number> smoothed_value(const RangeInput& input) {
  RangeInput near = input;
  near.start_ms = input.end_ms;
  cut_at_end(near);
  const std::size_t floats = count_until(near.samples, input.end_ms);
  const std::size_t histograms = count_until(near.histograms, input.end_ms);
  const Sample* sample = floats > 0 ? &near.samples[floats - 1] : nullptr;
  const HistogramSample* histogram = histograms > 0 ? &near.histograms[histograms - 1] : nullptr;
  if (sample == nullptr && histogram == nullptr) {
    return std::nullopt;
  }
  const bool of_histograms =
      histogram != nullptr && (sample == nullptr || histogram->time_ms > sample->time_ms);
  const std::int64_t time = of_histograms ? histogram->time_ms : sample->time_ms;
  const bool later_float = floats < near.samples.size();
  const bool later_histogram = histograms < near.histograms.size();
  if (time == input.end_ms || !(later_float || later_histogram)) {
    return of_histograms ? Number(histogram->histogram) : Number(sample->value);
  }
  if (of_histograms != later_histogram) {
    input.note(Note::kMixedFloatsHistograms);
    return std::nullopt;
  }
  if (of_histograms) {
    return between(*histogram, near.histograms[histograms], input.end_ms, input);
  }
  return between(*sample, near.samples[floats], input.end_ms);
}

series::Points extended_points(const RangeInput& input, Extension extension) {
  const bool smoothed = extension == Extension::kSmoothed;
  RangeInput whole = input;
  if (smoothed) {
    cut_at_end(whole);
  }
  series::Points points;
  const auto range = from_anchor(whole);
  if (!range) {
    return points;
  }
  points.histograms.assign(range->histograms.begin(), range->histograms.end());
  const auto samples = range->samples;
  if (samples.empty()) {
    return points;
  }
  const auto edge = [&](std::int64_t time_ms, std::size_t nearest) {
    const std::size_t other = time_ms == input.start_ms ? nearest + 1 : nearest - 1;
    const bool outside = time_ms == input.start_ms ? samples[nearest].time_ms < time_ms
                                                   : samples[nearest].time_ms > time_ms;
    if (smoothed && outside && other < samples.size()) {
      return between(samples[std::min(nearest, other)], samples[std::max(nearest, other)], time_ms);
    }
    return samples[nearest].value;
  };
  points.floats.push_back({input.start_ms, edge(input.start_ms, 0)});
  for (const Sample& sample : samples) {
    if (sample.time_ms > input.start_ms && sample.time_ms < input.end_ms) {
      points.floats.push_back(sample);
    }
  }
  points.floats.push_back({input.end_ms, edge(input.end_ms, samples.size() - 1)});
  return points;
}

}  // namespace tocsin::promql
