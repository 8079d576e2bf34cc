#include "promql/numeric.h"

#include <algorithm>
#include <limits>

namespace tocsin::promql {

double quantile(double q, std::vector<double>& values) {
  std::ranges::sort(values, NanFirst());
  return quantile_of_sorted(q, values);
}

double quantile_of_sorted(double q, std::span<const double> values) {
  if (values.empty() || std::isnan(q)) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (q < 0) {
    return -std::numeric_limits<double>::infinity();
  }
  if (q > 1) {
    return std::numeric_limits<double>::infinity();
  }
  const double rank = q * (static_cast<double>(values.size()) - 1);
  const auto lower = static_cast<std::size_t>(std::max(0.0, std::floor(rank)));
  const std::size_t upper = std::min(values.size() - 1, lower + 1);
  const double weight = rank - std::floor(rank);
  return values[lower] * (1 - weight) + values[upper] * weight;
}

}  // namespace tocsin::promql
