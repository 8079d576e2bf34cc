#include "promql/arithmetic.h"

#include <cmath>
#include <limits>
#include <utility>

#include "model/histogram_algebra.h"
#include "model/histogram_trim.h"

/// What takes what: https://prometheus.io/docs/prometheus/latest/querying/operators/.
namespace tocsin::promql {
namespace {

using model::Histogram;

std::optional<Number> refused(Note note, Notes& notes) {
  notes.add(note);
  return std::nullopt;
}

Number scaled(const Histogram& histogram, double factor) {
  Histogram result = histogram;
  model::multiply(result, factor);
  result.compact();
  return Number(std::move(result));
}

Number divided(const Histogram& histogram, double divisor) {
  Histogram result = histogram;
  model::divide(result, divisor);
  result.compact();
  return Number(std::move(result));
}

std::optional<Number> joined(const Histogram& left, const Histogram& right, bool plus,
                             Notes& notes) {
  Histogram result = left;
  const model::Joining joining = plus ? model::add(result, right) : model::subtract(result, right);
  if (joining.incompatible) {
    notes.add(Note::kMixedExponentialCustom);
    return std::nullopt;
  }
  if (joining.resets_collide) {
    notes.add(plus ? Note::kResetCollisionAddition : Note::kResetCollisionSubtraction);
  }
  if (joining.bounds_reconciled) {
    notes.add(plus ? Note::kBoundsReconciledAddition : Note::kBoundsReconciledSubtraction);
  }
  if (!plus) {
    result.reset = model::CounterReset::kGauge;
  }
  result.compact();
  return Number(std::move(result));
}

std::optional<Number> of_histograms(BinaryOp op, const Histogram& left, const Histogram& right,
                                    Notes& notes) {
  switch (op) {
    case BinaryOp::kAdd:
    case BinaryOp::kSubtract:
      return joined(left, right, op == BinaryOp::kAdd, notes);
    case BinaryOp::kEqual:
      return Number(model::same_distribution(left, right) ? 1 : 0);
    case BinaryOp::kNotEqual:
      return Number(model::same_distribution(left, right) ? 0 : 1);
    default:
      return refused(Note::kIncompatibleHistogramHistogram, notes);
  }
}

}  // namespace

double apply(BinaryOp op, double left, double right) {
  switch (op) {
    case BinaryOp::kAdd:
      return left + right;
    case BinaryOp::kSubtract:
      return left - right;
    case BinaryOp::kMultiply:
      return left * right;
    case BinaryOp::kDivide:
      return left / right;
    case BinaryOp::kModulo:
      return std::fmod(left, right);
    case BinaryOp::kPower:
      return std::pow(left, right);
    case BinaryOp::kAtan2:
      return std::atan2(left, right);
    case BinaryOp::kEqual:
      return left == right ? 1 : 0;
    case BinaryOp::kNotEqual:
      return left != right ? 1 : 0;
    case BinaryOp::kLess:
      return left < right ? 1 : 0;
    case BinaryOp::kGreater:
      return left > right ? 1 : 0;
    case BinaryOp::kLessEqual:
      return left <= right ? 1 : 0;
    case BinaryOp::kGreaterEqual:
      return left >= right ? 1 : 0;
    default:
      return std::numeric_limits<double>::quiet_NaN();
  }
}

std::optional<Number> calculate(BinaryOp op, const Number& left, const Number& right,
                                Notes& notes) {
  if (!left.is_histogram() && !right.is_histogram()) {
    return is_trim(op) ? refused(Note::kIncompatibleFloatFloat, notes)
                       : std::optional<Number>(apply(op, left.value, right.value));
  }
  if (left.is_histogram() && right.is_histogram()) {
    return of_histograms(op, *left.histogram, *right.histogram, notes);
  }
  if (right.is_histogram()) {
    return op == BinaryOp::kMultiply ? scaled(*right.histogram, left.value)
                                     : refused(Note::kIncompatibleFloatHistogram, notes);
  }
  switch (op) {
    case BinaryOp::kMultiply:
      return scaled(*left.histogram, right.value);
    case BinaryOp::kDivide:
      return divided(*left.histogram, right.value);
    case BinaryOp::kTrimUpper:
      return Number(model::trimmed_above(*left.histogram, right.value));
    case BinaryOp::kTrimLower:
      return Number(model::trimmed_below(*left.histogram, right.value));
    default:
      return refused(Note::kIncompatibleHistogramFloat, notes);
  }
}

Number negated(const Number& number) {
  return number.is_histogram() ? scaled(*number.histogram, -1) : Number(-number.value);
}

}  // namespace tocsin::promql
