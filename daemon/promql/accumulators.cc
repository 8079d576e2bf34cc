#include "promql/accumulators.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "model/histogram_algebra.h"

namespace tocsin::promql {

using model::Histogram;

namespace {

// Whether adding another one could overflow.
bool is_huge(const Histogram& histogram) {
  constexpr double kHuge = std::numeric_limits<double>::max() / 4;
  const auto huge = [](double value) { return std::fabs(value) > kHuge; };
  const auto huge_bucket = [&](const model::HistogramBucket& bucket) { return huge(bucket.count); };
  return huge(histogram.count) || huge(histogram.sum) || huge(histogram.zero_count) ||
         std::ranges::any_of(histogram.positive, huge_bucket) ||
         std::ranges::any_of(histogram.negative, huge_bucket);
}

}  // namespace

void HistogramFold::add(const Histogram& histogram, Notes& notes) {
  count_ += 1;
  saw_reset_ = saw_reset_ || histogram.reset == model::CounterReset::kReset;
  saw_no_reset_ = saw_no_reset_ || histogram.reset == model::CounterReset::kNotReset;
  if (count_ == 1) {
    sum_ = histogram;
    lost_ = model::zero_like(histogram);
    return;
  }
  if (incompatible_) {
    return;
  }
  const model::Joining joining = incremental_ ? add_share(histogram) : add_to_sum(histogram);
  if (joining.incompatible) {
    incompatible_ = true;
    notes.add(Note::kMixedExponentialCustom);
  }
  if (joining.bounds_reconciled) {
    notes.add(Note::kBoundsReconciledAggregation);
  }
}

model::Joining HistogramFold::add_to_sum(const Histogram& histogram) {
  if (!mean_ || (!is_huge(sum_) && !is_huge(histogram))) {
    return model::add_compensated(sum_, lost_, histogram);
  }
  const Histogram sum = sum_;
  const Histogram lost = lost_;
  const model::Joining joining = model::add_compensated(sum_, lost_, histogram);
  if (joining.incompatible || !model::has_infinity(sum_)) {
    return joining;
  }
  incremental_ = true;
  sum_ = sum;
  lost_ = lost;
  model::divide(sum_, count_ - 1);
  model::divide(lost_, count_ - 1);
  return add_share(histogram);
}

// mean' = mean (n - 1) / n + x / n
model::Joining HistogramFold::add_share(Histogram histogram) {
  const double weight = (count_ - 1) / count_;
  model::multiply(sum_, weight);
  model::multiply(lost_, weight);
  model::divide(histogram, count_);
  return model::add_compensated(sum_, lost_, histogram);
}

std::optional<Histogram> HistogramFold::result(Notes& notes) const {
  if (incompatible_) {
    return std::nullopt;
  }
  if (saw_reset_ && saw_no_reset_) {
    notes.add(Note::kResetCollisionAggregation);
  }
  Histogram total = sum_;
  Histogram lost = lost_;
  lost.reset = total.reset;
  model::add(total, lost);
  if (mean_ && !incremental_) {
    model::divide(total, count_);
  }
  total.compact();
  return total;
}

template <class Floats>
void MixedAccumulator<Floats>::add(const Histogram& histogram, Notes& notes) {
  if (!histograms_) {
    histograms_ = std::make_unique<HistogramFold>(std::is_same_v<Floats, Mean>);
  }
  histograms_->add(histogram, notes);
}

template <class Floats>
std::optional<Number> MixedAccumulator<Floats>::result(Notes& notes) const {
  if (!histograms_) {
    return floats_.value();
  }
  if (has_floats_) {
    notes.add(Note::kMixedFloatsHistogramsGroup);
    return std::nullopt;
  }
  auto histogram = histograms_->result(notes);
  return histogram ? std::optional(Number(std::move(*histogram))) : std::nullopt;
}

template class MixedAccumulator<CompensatedSum>;
template class MixedAccumulator<Mean>;

void ExtremeAccumulator::add(double value) {
  if (!any_ || std::isnan(extreme_) || (larger_ ? value > extreme_ : value < extreme_)) {
    extreme_ = value;
  }
  any_ = true;
}

std::optional<Number> ExtremeAccumulator::result(Notes&) const {
  return any_ ? std::optional<Number>(extreme_) : std::nullopt;
}

std::optional<Number> VarianceAccumulator::result(Notes&) const {
  if (!any_) {
    return std::nullopt;
  }
  return root_ ? std::sqrt(variance_.value()) : variance_.value();
}

std::optional<Number> QuantileAccumulator::result(Notes&) {
  if (values_.empty()) {
    return std::nullopt;
  }
  return quantile(q_, values_);
}

Accumulator::Accumulator(AggregateOp op, double parameter) {
  switch (op) {
    case AggregateOp::kSum:
      state_.emplace<SumAccumulator>();
      break;
    case AggregateOp::kAvg:
      state_.emplace<MeanAccumulator>();
      break;
    case AggregateOp::kMin:
    case AggregateOp::kMax:
      state_.emplace<ExtremeAccumulator>(op == AggregateOp::kMax);
      break;
    case AggregateOp::kGroup:
      state_.emplace<GroupAccumulator>();
      break;
    case AggregateOp::kStddev:
    case AggregateOp::kStdvar:
      state_.emplace<VarianceAccumulator>(op == AggregateOp::kStddev);
      break;
    case AggregateOp::kQuantile:
      state_.emplace<QuantileAccumulator>(parameter);
      break;
    default:
      break;
  }
}

void Accumulator::add(const Number& number, Notes& notes) {
  std::visit(
      [&](auto& state) {
        if (number.histogram) {
          state.add(*number.histogram, notes);
        } else {
          state.add(number.value);
        }
      },
      state_);
}

std::optional<Number> Accumulator::result(Notes& notes) {
  return std::visit([&](auto& state) { return state.result(notes); }, state_);
}

}  // namespace tocsin::promql
