#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "model/histogram_algebra.h"
#include "promql/extended.h"
#include "promql/functions.h"
#include "promql/histogram_ranges.h"
#include "promql/numeric.h"
#include "promql/starts.h"
#include "promql/window_counter.h"

/// Functions that look at how the values of a range change.
namespace tocsin::promql {
namespace {

using model::HistogramSample;
using model::Sample;

double seconds(std::int64_t milliseconds) { return static_cast<double>(milliseconds) / 1000.0; }

// What is known of a series within a range.
struct Observed {
  std::int64_t first_ms = 0;
  std::int64_t last_ms = 0;
  std::size_t samples = 0;
  std::optional<double> zero_share;  ///< of counters: the first value as a share of the change

  // The first sample says when its counting began, which is as good as a sample with nothing.
  void from_zero(std::int64_t start_ms) {
    first_ms = start_ms;
    ++samples;
    zero_share = 0;
  }
};

// Whether a first sample began to count within the range.
bool starts_within(const RangeInput& input, std::int64_t start_ms, std::int64_t first_ms) {
  return started_between(start_ms, input.start_ms + 1, first_ms);
}

// How much larger the change over the whole range is than that between the samples within it: the
// observed change is extended to the range's ends, though by no more than half the average distance
// of samples where a series begins or ends within the range. A counter does not go below zero.
double extrapolation(const RangeInput& input, const Observed& observed) {
  double to_start = seconds(observed.first_ms - input.start_ms);
  double to_end = seconds(input.end_ms - observed.last_ms);
  const double sampled = seconds(observed.last_ms - observed.first_ms);
  const double average = sampled / static_cast<double>(observed.samples - 1);
  const double threshold = average * 1.1;
  if (to_start >= threshold) {
    to_start = average / 2;
  }
  if (observed.zero_share) {
    to_start = std::min(to_start, sampled * *observed.zero_share);
  }
  if (to_end >= threshold) {
    to_end = average / 2;
  }
  return (sampled + to_start + to_end) / sampled;
}

std::optional<Number> extrapolated_histogram(const RangeInput& input, bool counter,
                                             bool per_second) {
  const auto samples = input.histograms;
  if (samples.size() < 2) {
    return std::nullopt;
  }
  auto change = histogram_change(input, counter);
  if (!change) {
    return std::nullopt;
  }
  const HistogramSample& first = samples.front();
  const double first_count = first.histogram->count;
  Observed observed{first.time_ms, samples.back().time_ms, samples.size(), std::nullopt};
  if (counter && starts_within(input, first.start_ms, first.time_ms)) {
    observed.from_zero(first.start_ms);
    if (model::add(*change, *first.histogram).incompatible) {
      input.note(Note::kMixedExponentialCustom);
      return std::nullopt;
    }
    change->reset = model::CounterReset::kGauge;
  } else if (counter && change->count > 0 && first_count >= 0) {
    observed.zero_share = first_count / change->count;
  }
  double factor = extrapolation(input, observed);
  if (per_second) {
    factor /= seconds(input.end_ms - input.start_ms);
  }
  model::multiply(*change, factor);
  return Number(std::move(*change));
}

// What a counter had reached each time before it started again from zero.
double lost_in_resets(const RangeInput& input) {
  double lost = 0;
  for (std::size_t i = 1; i < input.samples.size(); ++i) {
    const Sample& before = input.samples[i - 1];
    const Sample& sample = input.samples[i];
    if (sample.value < before.value) {
      lost += before.value;
    } else if (!input.float_starts.empty() &&
               started_between(input.float_starts[i], before.time_ms, sample.time_ms)) {
      lost += before.value;
    }
  }
  for (std::size_t i = 1; i < input.float_starts.size(); ++i) {
    if (starts_overlap(input.float_starts[i], input.float_starts[i - 1],
                       input.samples[i - 1].time_ms)) {
      input.note(Note::kStartOverlap);
    }
  }
  return lost;
}

// The change that was seen between the first and the last float, extended to the whole range.
double over_range(const RangeInput& input, double change, bool counter, bool per_second) {
  const Sample& first = input.samples.front();
  const Sample& last = input.samples.back();
  Observed observed{first.time_ms, last.time_ms, input.samples.size(), std::nullopt};
  const std::int64_t start = input.float_starts.empty() ? 0 : input.float_starts.front();
  if (counter && starts_within(input, start, first.time_ms)) {
    observed.from_zero(start);
    change += first.value;
  } else if (counter && change > 0 && first.value >= 0) {
    observed.zero_share = first.value / change;
  }
  double factor = extrapolation(input, observed);
  if (per_second) {
    factor /= seconds(input.end_ms - input.start_ms);
  }
  return change * factor;
}

std::optional<Number> extrapolated(const RangeInput& input, bool counter, bool per_second) {
  const auto& samples = input.samples;
  if (!input.histograms.empty()) {
    return refuses_mix(input) ? std::nullopt : extrapolated_histogram(input, counter, per_second);
  }
  if (samples.size() < 2) {
    return std::nullopt;
  }
  const Sample& first = samples.front();
  const Sample& last = samples.back();
  double change = last.value - first.value;
  if (counter) {
    change += lost_in_resets(input);
  }
  return over_range(input, change, counter, per_second);
}

template <bool kPerSecond>
double counter_result(const RangeInput& input, double change) {
  return over_range(input, change, true, kPerSecond);
}
template <bool kPerSecond>
std::unique_ptr<SlidingWindow> counter_window() {
  return std::make_unique<CounterWindow<counter_result<kPerSecond>>>();
}

std::optional<Number> rate(const RangeInput& input) { return extrapolated(input, true, true); }
std::optional<Number> increase(const RangeInput& input) { return extrapolated(input, true, false); }
std::optional<Number> delta(const RangeInput& input) { return extrapolated(input, false, false); }

std::optional<Number> instant_change(const RangeInput& input, bool per_second) {
  const auto newest = MixedRange::last_two(input);
  if (!newest) {
    return std::nullopt;
  }
  const auto& [before, last] = *newest;
  if ((before.sample == nullptr) != (last.sample == nullptr)) {
    input.note(Note::kMixedFloatsHistograms);
    return std::nullopt;
  }
  if (last.time_ms == before.time_ms) {
    return std::nullopt;
  }
  if (last.sample != nullptr) {
    return last_histogram_change(*before.sample, *last.sample, per_second, input);
  }
  double change = last.value - before.value;
  if (per_second) {
    if (last.value < before.value || started_between(last.start_ms, before.time_ms, last.time_ms)) {
      change = last.value;
    }
    change /= seconds(last.time_ms - before.time_ms);
  }
  return change;
}

std::optional<Number> irate(const RangeInput& input) { return instant_change(input, true); }
std::optional<Number> idelta(const RangeInput& input) { return instant_change(input, false); }

bool changed(double now, double before) {
  return now != before && !(std::isnan(now) && std::isnan(before));
}
bool fell(double now, double before) { return now < before; }

template <bool (*kHappened)(double, double)>
std::unique_ptr<SlidingWindow> event_window() {
  return std::make_unique<EventWindow<kHappened>>();
}

// Counts the steps from one sample to the next for which `of_floats` or `of_histograms` holds.
// Going from one kind to the other always counts.
template <class OfFloats, class OfHistograms>
double count_steps(const RangeInput& input, const OfFloats& of_floats,
                   const OfHistograms& of_histograms) {
  double count = 0;
  if (input.histograms.empty()) {
    for (std::size_t i = 1; i < input.samples.size(); ++i) {
      count += of_floats(input.samples[i].value, input.samples[i - 1].value) ? 1 : 0;
    }
    return count;
  }
  MixedRange items(input);
  auto previous = items.next();
  while (const auto item = items.next()) {
    if ((item->histogram == nullptr) != (previous->histogram == nullptr)) {
      count += 1;
    } else if (item->histogram == nullptr) {
      count += of_floats(item->value, previous->value) ? 1 : 0;
    } else {
      count += of_histograms(*item->sample, *previous->sample) ? 1 : 0;
    }
    previous = item;
  }
  return count;
}

std::optional<Number> changes(const RangeInput& input) {
  return count_steps(input, &changed,
                     [](const HistogramSample& now, const HistogramSample& before) {
                       return !model::same_distribution(*now.histogram, *before.histogram);
                     });
}

std::optional<Number> resets(const RangeInput& input) {
  double count =
      count_steps(input, &fell, [](const HistogramSample& now, const HistogramSample& before) {
        return is_reset(now, before);
      });
  for (std::size_t i = 1; i < input.float_starts.size(); ++i) {
    const Sample& before = input.samples[i - 1];
    const Sample& now = input.samples[i];
    const bool counted = fell(now.value, before.value);
    count +=
        !counted && started_between(input.float_starts[i], before.time_ms, now.time_ms) ? 1 : 0;
  }
  return count;
}

template <bool kSmoothed, bool kCounter, bool kPerSecond>
std::optional<Number> extended(const RangeInput& input) {
  return extended_change(input, {kSmoothed, kCounter, kPerSecond});
}

template <RangeFunction kRun>
std::optional<Number> anchored(const RangeInput& input) {
  const auto range = from_anchor(input);
  return range ? kRun(*range) : std::nullopt;
}

}  // namespace

std::vector<Function> rate_functions() {
  constexpr auto kMatrix = ValueType::kMatrix;
  constexpr auto kVector = ValueType::kVector;
  std::vector<Function> rows = {
      {"rate", {kMatrix}, 0, kVector, &rate, "per-second increase of a counter over the range"},
      {"increase", {kMatrix}, 0, kVector, &increase, "increase of a counter over the range"},
      {"delta", {kMatrix}, 0, kVector, &delta, "difference of a gauge over the range"},
      {"irate", {kMatrix}, 0, kVector, &irate, "per-second increase between the last two samples"},
      {"idelta", {kMatrix}, 0, kVector, &idelta, "difference of the last two samples"},
      {"changes", {kMatrix}, 0, kVector, &changes, "how often the value changed"},
      {"resets", {kMatrix}, 0, kVector, &resets, "how often the value fell"},
  };
  rows[0].anchored = &extended<false, true, true>;
  rows[0].smoothed = &extended<true, true, true>;
  rows[1].anchored = &extended<false, true, false>;
  rows[1].smoothed = &extended<true, true, false>;
  rows[2].anchored = &extended<false, false, false>;
  rows[2].smoothed = &extended<true, false, false>;
  for (Function& row : rows) {
    if (row.name == "changes") {
      row.anchored = &anchored<changes>;
      row.window = &event_window<&changed>;
    } else if (row.name == "resets") {
      row.anchored = &anchored<resets>;
      row.window = &event_window<&fell>;
    }
    row.expects_counter = row.name == "rate" || row.name == "increase";
    if (row.name == "rate") {
      row.window = &counter_window<true>;
    } else if (row.name == "increase") {
      row.window = &counter_window<false>;
    }
  }
  return rows;
}

}  // namespace tocsin::promql
