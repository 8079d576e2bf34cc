#pragma once

#include <cmath>

namespace tocsin::base {

/// Adds to a sum, and keeps in `lost` the digits that plain addition loses; the whole is
/// `sum + lost`. Neumaier's variant of Kahan's summation,
/// https://en.wikipedia.org/wiki/Kahan_summation_algorithm. Pure.
inline void add_compensated(double& sum, double& lost, double value) {
  const double total = sum + value;
  if (std::isinf(total)) {
    lost = 0;
  } else if (std::fabs(sum) >= std::fabs(value)) {
    lost += (sum - total) + value;
  } else {
    lost += (value - total) + sum;
  }
  sum = total;
}

}  // namespace tocsin::base
