#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "base/compensated_sum.h"

/// Sums and means that keep the digits which plain addition loses (Neumaier's variant of Kahan's
/// summation, https://en.wikipedia.org/wiki/Kahan_summation_algorithm), as Prometheus 3 does.
namespace tocsin::promql {

/// A sum with its compensation.
struct CompensatedSum {
  double sum = 0;
  double lost = 0;

  void add(double value) { base::add_compensated(sum, lost, value); }
  double value() const { return sum + lost; }
};

/// A mean: the sum divided at the end, or, when the sum overflows, updated step by step.
class Mean {
 public:
  void add(double value) {
    count_ += 1;
    if (!incremental_) {
      CompensatedSum next = state_;
      next.add(value);
      if (count_ == 1 || !std::isinf(next.sum)) {
        state_ = next;
        return;
      }
      incremental_ = true;
      state_.sum /= count_ - 1;
      state_.lost /= count_ - 1;
    }
    const double weight = (count_ - 1) / count_;
    state_.sum *= weight;
    state_.lost *= weight;
    state_.add(value / count_);
  }
  double value() const {
    return incremental_ ? state_.value() : state_.sum / count_ + state_.lost / count_;
  }

 private:
  CompensatedSum state_;
  double count_ = 0;
  bool incremental_ = false;
};

/// Population variance by Welford's method.
class Variance {
 public:
  void add(double value) {
    count_ += 1;
    const double delta = value - mean_.value();
    mean_.add(delta / count_);
    squares_.add(delta * (value - mean_.value()));
  }
  double value() const { return squares_.value() / count_; }

 private:
  CompensatedSum mean_;
  CompensatedSum squares_;
  double count_ = 0;
};

/// The order of values in which NaN is smaller than everything.
struct NanFirst {
  bool operator()(double a, double b) const { return std::isnan(a) ? !std::isnan(b) : a < b; }
};

/// The q-quantile by linear interpolation between ranks; NaN counts as smaller than everything.
/// Sorts `values`. -Inf below q = 0, +Inf above 1, NaN for no values or q = NaN.
double quantile(double q, std::vector<double>& values);
/// The same of values in the order of NanFirst.
double quantile_of_sorted(double q, std::span<const double> values);

}  // namespace tocsin::promql
