#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "promql/call_frame.h"
#include "promql/column.h"
#include "promql/functions.h"

/// Functions of one value at a time.
namespace tocsin::promql {
namespace {

using Parameters = std::span<const double>;

double absolute(double v, Parameters) { return std::fabs(v); }
double ceiling(double v, Parameters) { return std::ceil(v); }
double flooring(double v, Parameters) { return std::floor(v); }
double square_root(double v, Parameters) { return std::sqrt(v); }
double exponential(double v, Parameters) { return std::exp(v); }
double natural_log(double v, Parameters) { return std::log(v); }
double binary_log(double v, Parameters) { return std::log2(v); }
double decimal_log(double v, Parameters) { return std::log10(v); }
double sine(double v, Parameters) { return std::sin(v); }
double cosine(double v, Parameters) { return std::cos(v); }
double tangent(double v, Parameters) { return std::tan(v); }
double arc_sine(double v, Parameters) { return std::asin(v); }
double arc_cosine(double v, Parameters) { return std::acos(v); }
double arc_tangent(double v, Parameters) { return std::atan(v); }
double hyperbolic_sine(double v, Parameters) { return std::sinh(v); }
double hyperbolic_cosine(double v, Parameters) { return std::cosh(v); }
double hyperbolic_tangent(double v, Parameters) { return std::tanh(v); }
double area_sine(double v, Parameters) { return std::asinh(v); }
double area_cosine(double v, Parameters) { return std::acosh(v); }
double area_tangent(double v, Parameters) { return std::atanh(v); }
double to_degrees(double v, Parameters) { return v * 180 / std::numbers::pi; }
double to_radians(double v, Parameters) { return v * std::numbers::pi / 180; }

double sign(double v, Parameters) {
  if (v < 0) {
    return -1;
  }
  return v > 0 ? 1 : v;
}

// Half goes up. The inverse is used because 1 / 0.1 is exact where 0.1 is not.
double round_to(double v, Parameters parameters) {
  const double inverse = 1.0 / (parameters.empty() ? 1.0 : parameters[0]);
  return std::floor(v * inverse + 0.5) / inverse;
}

// Unlike std::min and std::max these give NaN when either is NaN and the other does not win
// anyway, and know that -0 is below 0.
double smaller(double a, double b) {
  constexpr double kLowest = -std::numeric_limits<double>::infinity();
  if (std::isnan(a) || std::isnan(b)) {
    return a == kLowest || b == kLowest ? kLowest : std::numeric_limits<double>::quiet_NaN();
  }
  return a == b ? (std::signbit(a) ? a : b) : std::min(a, b);
}
double larger(double a, double b) { return -smaller(-a, -b); }

double clamp_min(double v, Parameters parameters) { return larger(v, parameters[0]); }
double clamp_max(double v, Parameters parameters) { return smaller(v, parameters[0]); }

// Between limits that have changed places there is nothing.
double clamp(double v, Parameters limits) {
  return limits[0] > limits[1] ? absent_value() : larger(limits[0], smaller(limits[1], v));
}

base::Result<Operand> pi(CallFrame&) { return Operand(std::numbers::pi); }

Function row(std::string_view name, ElementFunction run, std::string_view doc) {
  return {name, {ValueType::kVector}, 0, ValueType::kVector, run, doc};
}

}  // namespace

std::vector<Function> math_functions() {
  constexpr auto kScalar = ValueType::kScalar;
  constexpr auto kVector = ValueType::kVector;
  std::vector<Function> rows = {
      row("abs", &absolute, "absolute value"),
      row("ceil", &ceiling, "rounded up to an integer"),
      row("floor", &flooring, "rounded down to an integer"),
      row("sqrt", &square_root, "square root"),
      row("exp", &exponential, "e to the power of the value"),
      row("ln", &natural_log, "natural logarithm"),
      row("log2", &binary_log, "binary logarithm"),
      row("log10", &decimal_log, "decimal logarithm"),
      row("sgn", &sign, "1, 0 or -1 by the sign"),
      row("sin", &sine, "sine of radians"),
      row("cos", &cosine, "cosine of radians"),
      row("tan", &tangent, "tangent of radians"),
      row("asin", &arc_sine, "arc sine in radians"),
      row("acos", &arc_cosine, "arc cosine in radians"),
      row("atan", &arc_tangent, "arc tangent in radians"),
      row("sinh", &hyperbolic_sine, "hyperbolic sine"),
      row("cosh", &hyperbolic_cosine, "hyperbolic cosine"),
      row("tanh", &hyperbolic_tangent, "hyperbolic tangent"),
      row("asinh", &area_sine, "inverse hyperbolic sine"),
      row("acosh", &area_cosine, "inverse hyperbolic cosine"),
      row("atanh", &area_tangent, "inverse hyperbolic tangent"),
      row("deg", &to_degrees, "radians to degrees"),
      row("rad", &to_radians, "degrees to radians"),
      {"round",
       {kVector, kScalar},
       1,
       kVector,
       &round_to,
       "rounded to a multiple, by default of 1"},
      {"clamp_min", {kVector, kScalar}, 0, kVector, &clamp_min, "not below a limit"},
      {"clamp_max", {kVector, kScalar}, 0, kVector, &clamp_max, "not above a limit"},
      {"clamp", {kVector, kScalar, kScalar}, 0, kVector, &clamp, "between two limits"},
      {"pi", {}, 0, kScalar, &pi, "3.14159…"},
  };
  rows.back().constant_value = std::numbers::pi;
  return rows;
}

}  // namespace tocsin::promql
