#include <cmath>
#include <limits>
#include <string>

#include "promql/functions.h"
#include "promql/numeric.h"
#include "promql/over_floats.h"

/// Functions that fit a line or a trend to the values of a range.
namespace tocsin::promql {
namespace {

using model::Sample;

double seconds(std::int64_t milliseconds) { return static_cast<double>(milliseconds) / 1000.0; }

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

std::vector<Function> trend_functions() {
  constexpr auto kMatrix = ValueType::kMatrix;
  constexpr auto kScalar = ValueType::kScalar;
  constexpr auto kVector = ValueType::kVector;
  std::vector<Function> rows = {
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
    row.uses_time = row.name == "predict_linear";
    row.experimental = row.name == "double_exponential_smoothing";
    if (std::get<RangeFunction>(row.run) == &over_floats<double_exponential_smoothing>) {
      row.check_parameters = &check_factors;
    }
  }
  return rows;
}

}  // namespace tocsin::promql
