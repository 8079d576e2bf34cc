#include "promql/accumulators.h"

#include <cmath>
#include <utility>

#include "model/histogram_algebra.h"

namespace tocsin::promql {

using model::Histogram;

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
  const model::Joining joining = model::add_compensated(sum_, lost_, histogram);
  if (joining.incompatible) {
    incompatible_ = true;
    notes.add(Note::kMixedExponentialCustom);
  }
  if (joining.bounds_reconciled) {
    notes.add(Note::kBoundsReconciledAggregation);
  }
}

void HistogramFold::note_resets(Notes& notes) const {
  if (saw_reset_ && saw_no_reset_) {
    notes.add(Note::kResetCollisionAggregation);
  }
}

std::optional<Histogram> HistogramFold::sum(Notes& notes) const {
  if (incompatible_) {
    return std::nullopt;
  }
  note_resets(notes);
  Histogram result = sum_;
  model::add(result, lost_);
  result.compact();
  return result;
}

std::optional<Histogram> HistogramFold::mean(Notes& notes) const {
  auto result = sum(notes);
  if (result) {
    model::divide(*result, count_);
  }
  return result;
}

namespace {

std::unique_ptr<HistogramFold>& started(std::unique_ptr<HistogramFold>& fold) {
  if (!fold) {
    fold = std::make_unique<HistogramFold>();
  }
  return fold;
}

std::optional<Number> number_of(std::optional<Histogram> histogram) {
  return histogram ? std::optional(Number(std::move(*histogram))) : std::nullopt;
}

}  // namespace

void SumAccumulator::add(const Histogram& histogram, Notes& notes) {
  started(histograms_)->add(histogram, notes);
}

std::optional<Number> SumAccumulator::result(Notes& notes) const {
  if (!histograms_) {
    return floats_.value();
  }
  if (has_floats_) {
    notes.add(Note::kMixedFloatsHistogramsGroup);
    return std::nullopt;
  }
  return number_of(histograms_->sum(notes));
}

void MeanAccumulator::add(const Histogram& histogram, Notes& notes) {
  started(histograms_)->add(histogram, notes);
}

std::optional<Number> MeanAccumulator::result(Notes& notes) const {
  if (!histograms_) {
    return floats_.value();
  }
  if (has_floats_) {
    notes.add(Note::kMixedFloatsHistogramsGroup);
    return std::nullopt;
  }
  return number_of(histograms_->mean(notes));
}

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
