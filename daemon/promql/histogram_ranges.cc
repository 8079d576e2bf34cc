#include "promql/histogram_ranges.h"

#include <array>
#include <utility>

#include "model/histogram_algebra.h"
#include "promql/accumulators.h"
#include "promql/starts.h"

namespace tocsin::promql {

using model::CounterReset;
using model::Histogram;
using model::HistogramSample;

namespace {

using Item = MixedRange::Item;

Item float_at(const RangeInput& input, std::size_t i) {
  const std::int64_t start = input.float_starts.empty() ? 0 : input.float_starts[i];
  return {input.samples[i].time_ms, input.samples[i].value, nullptr, nullptr, start};
}

Item histogram_at(const RangeInput& input, std::size_t i) {
  const HistogramSample& sample = input.histograms[i];
  return {sample.time_ms, 0, sample.histogram.get(), &sample, sample.start_ms};
}

// Adds or subtracts; false when the two do not go together. Hints of resets do not matter here:
// resets are looked for one by one.
bool join(Histogram& to, const Histogram& other, bool plus, const RangeInput& input) {
  const model::Joining joining = plus ? model::add(to, other) : model::subtract(to, other);
  if (joining.incompatible) {
    input.note(Note::kMixedExponentialCustom);
    return false;
  }
  if (joining.bounds_reconciled) {
    input.note(plus ? Note::kBoundsReconciledAddition : Note::kBoundsReconciledSubtraction);
  }
  return true;
}

}  // namespace

void note_kind(std::span<const HistogramSample> samples, bool counter, const RangeInput& input) {
  if (!counter) {
    if (samples.front().histogram->reset != CounterReset::kGauge ||
        samples.back().histogram->reset != CounterReset::kGauge) {
      input.note(Note::kHistogramNotGauge);
    }
    return;
  }
  for (const HistogramSample& sample : samples) {
    if (sample.histogram->reset == CounterReset::kGauge) {
      input.note(Note::kHistogramNotCounter);
    }
  }
}

bool is_reset(const HistogramSample& later, const HistogramSample& earlier) {
  return started_between(later.start_ms, earlier.time_ms, later.time_ms) ||
         model::is_reset(*later.histogram, *earlier.histogram);
}

bool refuses_mix(const RangeInput& input) {
  const bool mixed = !input.samples.empty() && !input.histograms.empty();
  if (mixed) {
    input.note(Note::kMixedFloatsHistograms);
  }
  return mixed;
}

std::optional<Histogram> histogram_change(const RangeInput& input, bool counter) {
  const auto samples = input.histograms;
  const Histogram* previous = samples.front().histogram.get();
  const Histogram& last = *samples.back().histogram;
  // Of a first sample before a reset nothing is needed, so its layout does not matter either.
  Histogram nothing;
  if (counter && is_reset(samples[1], samples[0])) {
    nothing = model::zero_like(*samples[1].histogram);
    nothing.zero_threshold = 0;
    nothing.reset = CounterReset::kUnknown;
    previous = &nothing;
  }
  const bool custom = previous->is_custom();
  std::int32_t schema = std::min(previous->schema, last.schema);
  for (const HistogramSample& sample : samples.subspan(1)) {
    if (!counter && &sample != &samples.back()) {
      continue;
    }
    if (sample.histogram->is_custom() != custom) {
      note_kind(samples, counter, input);
      input.note(Note::kMixedExponentialCustom);
      return std::nullopt;
    }
    schema = std::min(schema, sample.histogram->schema);
  }
  Histogram change = last;
  model::reduce_schema(change, schema);
  if (!join(change, *previous, false, input)) {
    return std::nullopt;
  }
  note_kind(samples, counter, input);
  for (std::size_t i = 1; counter && i < samples.size(); ++i) {
    if (is_reset(samples[i], samples[i - 1]) && !join(change, *previous, true, input)) {
      return std::nullopt;
    }
    if (starts_overlap(samples[i].start_ms, samples[i - 1].start_ms, samples[i - 1].time_ms)) {
      input.note(Note::kStartOverlap);
    }
    previous = samples[i].histogram.get();
  }
  change.reset = CounterReset::kGauge;
  change.compact();
  return change;
}

std::optional<Number> last_histogram_change(const HistogramSample& before,
                                            const HistogramSample& last, bool per_second,
                                            const RangeInput& input) {
  const std::array<HistogramSample, 2> both = {before, last};
  note_kind(both, per_second, input);
  Histogram change = *last.histogram;
  if (!per_second || !is_reset(last, before)) {
    if (!join(change, *before.histogram, false, input)) {
      return std::nullopt;
    }
  }
  change.reset = CounterReset::kGauge;
  if (per_second) {
    model::divide(change, static_cast<double>(last.time_ms - before.time_ms) / 1000.0);
  }
  change.compact();
  return Number(std::move(change));
}

std::optional<Number> fold_histograms(const RangeInput& input, bool mean) {
  HistogramFold fold(mean);
  Notes notes;
  for (const HistogramSample& sample : input.histograms) {
    fold.add(*sample.histogram, notes);
  }
  auto result = fold.result(notes);
  if (input.notes != nullptr) {
    input.notes->add(notes);
  }
  return result ? std::optional(Number(std::move(*result))) : std::nullopt;
}

void forget_resets(std::vector<HistogramSample>& samples) {
  for (HistogramSample& sample : samples) {
    if (sample.histogram->reset != CounterReset::kGauge) {
      sample.histogram = model::with_reset(sample.histogram, CounterReset::kUnknown);
    }
  }
}

std::optional<Item> MixedRange::next() {
  const bool floats_left = floats_ < input_.samples.size();
  const bool histograms_left = histograms_ < input_.histograms.size();
  if (!floats_left && !histograms_left) {
    return std::nullopt;
  }
  if (floats_left && (!histograms_left ||
                      input_.samples[floats_].time_ms <= input_.histograms[histograms_].time_ms)) {
    return float_at(input_, floats_++);
  }
  return histogram_at(input_, histograms_++);
}

std::optional<std::pair<Item, Item>> MixedRange::last_two(const RangeInput& input) {
  std::size_t floats = input.samples.size();
  std::size_t histograms = input.histograms.size();
  if (floats + histograms < 2) {
    return std::nullopt;
  }
  const auto take = [&] {
    const bool is_float =
        floats > 0 && (histograms == 0 || input.samples[floats - 1].time_ms >
                                              input.histograms[histograms - 1].time_ms);
    return is_float ? float_at(input, --floats) : histogram_at(input, --histograms);
  };
  const Item newest = take();
  return std::pair(take(), newest);
}

Item MixedRange::first(const RangeInput& input) {
  const bool is_float =
      !input.samples.empty() && (input.histograms.empty() ||
                                 input.samples.front().time_ms < input.histograms.front().time_ms);
  return is_float ? float_at(input, 0) : histogram_at(input, 0);
}

Item MixedRange::last(const RangeInput& input) {
  const bool is_float =
      !input.samples.empty() &&
      (input.histograms.empty() || input.samples.back().time_ms > input.histograms.back().time_ms);
  return is_float ? float_at(input, input.samples.size() - 1)
                  : histogram_at(input, input.histograms.size() - 1);
}

}  // namespace tocsin::promql
