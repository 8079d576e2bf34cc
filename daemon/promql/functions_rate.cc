#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "promql/functions.h"
#include "promql/numeric.h"
#include "promql/over_floats.h"

/// Functions that look at how the values of a range change.
namespace tocsin::promql {
namespace {

using model::Sample;

double seconds(std::int64_t milliseconds) { return static_cast<double>(milliseconds) / 1000.0; }

// Increase (or difference) over the whole range from the samples within it: the observed change is
// extended to the range's ends, though by no more than half the average distance of samples where
// a series begins or ends within the range, and for counters not below zero.
std::optional<Number> extrapolated(const RangeInput& input, bool counter, bool per_second) {
  const auto& samples = input.samples;
  if (samples.size() < 2) {
    return std::nullopt;
  }
  const Sample& first = samples.front();
  const Sample& last = samples.back();
  double change = last.value - first.value;
  if (counter) {
    double previous = first.value;
    for (const Sample& sample : samples.subspan(1)) {
      if (sample.value < previous) {
        change += previous;  // the counter started again from zero
      }
      previous = sample.value;
    }
  }
  double to_start = seconds(first.time_ms - input.start_ms);
  double to_end = seconds(input.end_ms - last.time_ms);
  const double sampled = seconds(last.time_ms - first.time_ms);
  const double average = sampled / static_cast<double>(samples.size() - 1);
  const double threshold = average * 1.1;
  if (to_start >= threshold) {
    to_start = average / 2;
  }
  if (counter && change > 0 && first.value >= 0) {
    to_start = std::min(to_start, sampled * (first.value / change));
  }
  if (to_end >= threshold) {
    to_end = average / 2;
  }
  double factor = (sampled + to_start + to_end) / sampled;
  if (per_second) {
    factor /= seconds(input.end_ms - input.start_ms);
  }
  return change * factor;
}

std::optional<Number> rate(const RangeInput& input) { return extrapolated(input, true, true); }
std::optional<Number> increase(const RangeInput& input) { return extrapolated(input, true, false); }
std::optional<Number> delta(const RangeInput& input) { return extrapolated(input, false, false); }

std::optional<Number> instant_change(const RangeInput& input, bool per_second) {
  if (input.samples.size() < 2) {
    return std::nullopt;
  }
  const Sample& last = input.samples.back();
  const Sample& before = input.samples[input.samples.size() - 2];
  double change = last.value - before.value;
  if (per_second) {
    if (last.value < before.value) {
      change = last.value;
    }
    if (last.time_ms == before.time_ms) {
      return std::nullopt;
    }
    change /= seconds(last.time_ms - before.time_ms);
  }
  return change;
}

std::optional<Number> irate(const RangeInput& input) { return instant_change(input, true); }
std::optional<Number> idelta(const RangeInput& input) { return instant_change(input, false); }

std::optional<Number> changes(const RangeInput& input) {
  double count = 0;
  double previous = input.samples.front().value;
  for (const Sample& sample : input.samples.subspan(1)) {
    if (sample.value != previous && !(std::isnan(sample.value) && std::isnan(previous))) {
      count += 1;
    }
    previous = sample.value;
  }
  return count;
}

std::optional<Number> resets(const RangeInput& input) {
  double count = 0;
  double previous = input.samples.front().value;
  for (const Sample& sample : input.samples.subspan(1)) {
    count += sample.value < previous ? 1 : 0;
    previous = sample.value;
  }
  return count;
}

struct Line {
  double slope = 0;      // per second
  double intercept = 0;  // the value at the origin
};

// Simple linear regression by least squares.
Line fit(std::span<const Sample> samples, std::int64_t origin_ms) {
  CompensatedSum x_sum;
  CompensatedSum y_sum;
  CompensatedSum xy_sum;
  CompensatedSum xx_sum;
  bool constant = true;
  for (const Sample& sample : samples) {
    constant = constant && sample.value == samples.front().value;
    const double x = seconds(sample.time_ms - origin_ms);
    x_sum.add(x);
    y_sum.add(sample.value);
    xy_sum.add(x * sample.value);
    xx_sum.add(x * x);
  }
  if (constant) {
    const double value = samples.front().value;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    return std::isinf(value) ? Line{nan, nan} : Line{0, value};
  }
  const auto n = static_cast<double>(samples.size());
  const double covariance = xy_sum.value() - x_sum.value() * y_sum.value() / n;
  const double variance = xx_sum.value() - x_sum.value() * x_sum.value() / n;
  Line line;
  line.slope = covariance / variance;
  line.intercept = y_sum.value() / n - line.slope * x_sum.value() / n;
  return line;
}

std::optional<Number> deriv(const RangeInput& input) {
  if (input.samples.size() < 2) {
    return std::nullopt;
  }
  return fit(input.samples, input.samples.front().time_ms).slope;
}

std::optional<Number> predict_linear(const RangeInput& input) {
  if (input.samples.size() < 2) {
    return std::nullopt;
  }
  const Line line = fit(input.samples, input.time_ms);
  return line.slope * input.parameters[0] + line.intercept;
}

base::Status check_factors(std::span<const double> parameters) {
  const auto refuse = [&](std::string_view what, std::string_view name, double value) {
    return base::Error(base::ErrorCode::kInvalidInput,
                       "invalid " + std::string(what) + " factor. Expected: 0 < " +
                           std::string(name) + " < 1, got: " + std::to_string(value));
  };
  if (!(parameters[0] > 0 && parameters[0] < 1)) {
    return refuse("smoothing", "sf", parameters[0]);
  }
  if (!(parameters[1] > 0 && parameters[1] < 1)) {
    return refuse("trend", "tf", parameters[1]);
  }
  return {};
}

// Holt's linear method: level and trend, each smoothed by its own factor.
std::optional<Number> double_exponential_smoothing(const RangeInput& input) {
  const auto& samples = input.samples;
  if (samples.size() < 2) {
    return std::nullopt;
  }
  const double smoothing = input.parameters[0];
  const double trending = input.parameters[1];
  double level = samples[0].value;
  double trend = samples[1].value - samples[0].value;
  double previous = 0;
  for (std::size_t i = 1; i < samples.size(); ++i) {
    if (i > 1) {
      trend = trending * (level - previous) + (1 - trending) * trend;
    }
    previous = level;
    level = smoothing * samples[i].value + (1 - smoothing) * (level + trend);
  }
  return level;
}

}  // namespace

std::vector<Function> rate_functions() {
  constexpr auto kMatrix = ValueType::kMatrix;
  constexpr auto kScalar = ValueType::kScalar;
  constexpr auto kVector = ValueType::kVector;
  std::vector<Function> rows = {
      {"rate",
       {kMatrix},
       0,
       kVector,
       &over_floats<rate>,
       "per-second increase of a counter over the range"},
      {"increase",
       {kMatrix},
       0,
       kVector,
       &over_floats<increase>,
       "increase of a counter over the range"},
      {"delta", {kMatrix}, 0, kVector, &over_floats<delta>, "difference of a gauge over the range"},
      {"irate",
       {kMatrix},
       0,
       kVector,
       &over_floats<irate>,
       "per-second increase between the last two samples"},
      {"idelta", {kMatrix}, 0, kVector, &over_floats<idelta>, "difference of the last two samples"},
      {"changes", {kMatrix}, 0, kVector, &over_floats<changes>, "how often the value changed"},
      {"resets", {kMatrix}, 0, kVector, &over_floats<resets>, "how often the value fell"},
      {"deriv",
       {kMatrix},
       0,
       kVector,
       &over_floats<deriv>,
       "per-second slope of a gauge by regression"},
      {"predict_linear",
       {kMatrix, kScalar},
       0,
       kVector,
       &over_floats<predict_linear>,
       "value in so many seconds by linear regression"},
      {"double_exponential_smoothing",
       {kMatrix, kScalar, kScalar},
       0,
       kVector,
       &over_floats<double_exponential_smoothing>,
       "smoothed value; factors for level and trend"},
      {"holt_winters",
       {kMatrix, kScalar, kScalar},
       0,
       kVector,
       &over_floats<double_exponential_smoothing>,
       "the old name of double_exponential_smoothing"},
  };
  for (Function& row : rows) {
    row.expects_counter = row.name == "rate" || row.name == "increase";
    row.uses_time = row.name == "predict_linear";
    row.experimental = row.name == "double_exponential_smoothing";
    if (std::get<RangeFunction>(row.run) == &over_floats<double_exponential_smoothing>) {
      row.check_parameters = &check_factors;
    }
  }
  return rows;
}

}  // namespace tocsin::promql
