#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "promql/functions.h"
#include "promql/histogram_ranges.h"
#include "promql/numeric.h"
#include "promql/over_floats.h"
#include "promql/window_fold.h"

/// Functions that fold the values of a range into one.
namespace tocsin::promql {
namespace {

using model::Sample;

std::optional<Number> sum_over_time(const RangeInput& input) {
  if (!input.histograms.empty()) {
    return refuses_mix(input) ? std::nullopt : fold_histograms(input, false);
  }
  CompensatedSum sum;
  for (const Sample& sample : input.samples) {
    sum.add(sample.value);
  }
  return sum.value();
}

std::optional<Number> avg_over_time(const RangeInput& input) {
  if (!input.histograms.empty()) {
    return refuses_mix(input) ? std::nullopt : fold_histograms(input, true);
  }
  Mean mean;
  for (const Sample& sample : input.samples) {
    mean.add(sample.value);
  }
  return mean.value();
}

// The sample with the smallest or largest value; NaN only when there is nothing else. Of equal
// values the last one with `last`, else the first.
const Sample& extreme(std::span<const Sample> samples, bool larger, bool last) {
  const Sample* best = &samples.front();
  for (const Sample& sample : samples.subspan(1)) {
    const bool beats = larger ? sample.value > best->value : sample.value < best->value;
    if (beats || std::isnan(best->value) || (last && sample.value == best->value)) {
      best = &sample;
    }
  }
  return *best;
}

double seconds(const Sample& sample) { return static_cast<double>(sample.time_ms) / 1000.0; }

std::optional<Number> min_over_time(const RangeInput& input) {
  return extreme(input.samples, false, false).value;
}
std::optional<Number> max_over_time(const RangeInput& input) {
  return extreme(input.samples, true, false).value;
}
std::optional<Number> ts_of_min_over_time(const RangeInput& input) {
  return seconds(extreme(input.samples, false, true));
}
std::optional<Number> ts_of_max_over_time(const RangeInput& input) {
  return seconds(extreme(input.samples, true, true));
}

// These do not look at values: floats and histograms are all the same to them.
double seconds_of(const MixedRange::Item& item) {
  return static_cast<double>(item.time_ms) / 1000.0;
}
std::optional<Number> ts_of_first_over_time(const RangeInput& input) {
  return seconds_of(MixedRange::first(input));
}
std::optional<Number> ts_of_last_over_time(const RangeInput& input) {
  return seconds_of(MixedRange::last(input));
}
std::optional<Number> count_over_time(const RangeInput& input) {
  return static_cast<double>(input.samples.size() + input.histograms.size());
}
std::optional<Number> last_over_time(const RangeInput& input) {
  return MixedRange::last(input).number();
}
std::optional<Number> first_over_time(const RangeInput& input) {
  return MixedRange::first(input).number();
}
std::optional<Number> present_over_time(const RangeInput&) { return 1.0; }

std::optional<Number> stdvar_over_time(const RangeInput& input) {
  Variance variance;
  for (const Sample& sample : input.samples) {
    variance.add(sample.value);
  }
  return variance.value();
}
std::optional<Number> stddev_over_time(const RangeInput& input) {
  return std::sqrt(stdvar_over_time(input)->value);
}

std::vector<double> values_of(const RangeInput& input) {
  std::vector<double> values;
  values.reserve(input.samples.size());
  for (const Sample& sample : input.samples) {
    values.push_back(sample.value);
  }
  return values;
}

std::optional<Number> quantile_over_time(const RangeInput& input) {
  std::vector<double> values = values_of(input);
  return quantile(input.parameters[0], values);
}

std::optional<Number> mad_over_time(const RangeInput& input) {
  std::vector<double> values = values_of(input);
  const double median = quantile(0.5, values);
  for (double& value : values) {
    value = std::fabs(value - median);
  }
  return quantile(0.5, values);
}

std::unique_ptr<SlidingWindow> sum_window() {
  return std::make_unique<JoinedWindow<SumState>>(
      [](const SumState& state) { return state.sum.value(); }, &sum_over_time);
}
std::unique_ptr<SlidingWindow> avg_window() {
  return std::make_unique<JoinedWindow<SumState>>(
      [](const SumState& state) {
        return state.sum.sum / state.count + state.sum.lost / state.count;
      },
      &avg_over_time);
}
std::unique_ptr<SlidingWindow> stdvar_window() {
  return std::make_unique<JoinedWindow<VarianceState>>(
      [](const VarianceState& state) { return state.squares.value() / state.count; },
      &stdvar_over_time);
}
std::unique_ptr<SlidingWindow> stddev_window() {
  return std::make_unique<JoinedWindow<VarianceState>>(
      [](const VarianceState& state) { return std::sqrt(state.squares.value() / state.count); },
      &stddev_over_time);
}
template <bool kLarger>
std::unique_ptr<SlidingWindow> extreme_window() {
  return std::make_unique<ExtremeWindow>(kLarger);
}
std::unique_ptr<SlidingWindow> quantile_window() { return std::make_unique<QuantileWindow>(); }

// The functions that need not fold the whole range again when it moves on.
auto window_of(std::string_view name) -> decltype(Function::window) {
  static constexpr std::array<std::pair<std::string_view, decltype(Function::window)>, 7> kWindows =
      {{{"sum_over_time", &sum_window},
        {"avg_over_time", &avg_window},
        {"stdvar_over_time", &stdvar_window},
        {"stddev_over_time", &stddev_window},
        {"min_over_time", &extreme_window<false>},
        {"max_over_time", &extreme_window<true>},
        {"quantile_over_time", &quantile_window}}};
  const auto* found =
      std::ranges::find(kWindows, name, [](const auto& entry) { return entry.first; });
  return found == kWindows.end() ? nullptr : found->second;
}

Function row(std::string_view name, RangeFunction run, std::string_view doc) {
  return {name, {ValueType::kMatrix}, 0, ValueType::kVector, run, doc};
}

}  // namespace

std::vector<Function> over_time_functions() {
  std::vector<Function> rows = {
      row("sum_over_time", &sum_over_time, "sum of the values in the range"),
      row("avg_over_time", &avg_over_time, "average of the values in the range"),
      row("min_over_time", &over_floats<min_over_time>, "smallest value in the range"),
      row("max_over_time", &over_floats<max_over_time>, "largest value in the range"),
      row("count_over_time", &count_over_time, "number of samples in the range"),
      row("present_over_time", &present_over_time, "1 for each series with samples in the range"),
      row("stddev_over_time", &over_floats<stddev_over_time>, "standard deviation of the values"),
      row("stdvar_over_time", &over_floats<stdvar_over_time>, "variance of the values"),
      row("mad_over_time", &over_floats<mad_over_time>, "median absolute deviation of the values"),
      row("ts_of_min_over_time", &over_floats<ts_of_min_over_time>,
          "time of the last smallest sample"),
      row("ts_of_max_over_time", &over_floats<ts_of_max_over_time>,
          "time of the last largest sample"),
      row("ts_of_first_over_time", &ts_of_first_over_time, "time of the first sample"),
      row("ts_of_last_over_time", &ts_of_last_over_time, "time of the last sample"),
  };
  for (Function function :
       {row("last_over_time", &last_over_time, "newest value in the range"),
        row("first_over_time", &first_over_time, "oldest value in the range")}) {
    function.keeps_name = true;
    rows.push_back(std::move(function));
  }
  Function quantile_row{"quantile_over_time",
                        {ValueType::kScalar, ValueType::kMatrix},
                        0,
                        ValueType::kVector,
                        RangeFunction(&over_floats<quantile_over_time>),
                        "quantile of the values in the range"};
  quantile_row.quantile_parameter = true;
  rows.push_back(std::move(quantile_row));
  for (Function& function : rows) {
    function.experimental = function.name.starts_with("ts_of_") ||
                            function.name == "mad_over_time" || function.name == "first_over_time";
  }
  for (Function& function : rows) {
    function.window = window_of(function.name);
  }
  return rows;
}

}  // namespace tocsin::promql
