#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "exposition/line.h"
#include "model/sample.h"

namespace tocsin::exposition {

/// What breaks a rule, or nothing.
using Breach = std::optional<std::string>;

/// A sample within its family, for the rules about one sample alone.
struct SampleInFamily {
  model::MetricType type = model::MetricType::kUnknown;
  std::string_view family;
  std::string_view suffix;  ///< what its name has beyond the family's
  double value = 0;
  std::span<const LabelView> labels;
};

/// The label that tells the samples of one metric of a family apart: le, quantile, or the family's
/// name for state sets. Empty when there is none.
std::string_view distinguishing_label(const SampleInFamily& sample);

/// Labels that the type demands: le, quantile, the state.
Breach check_labels(const SampleInFamily& sample);
/// Values that OpenMetrics allows for the type.
Breach check_value(const SampleInFamily& sample);
/// Whether this sample may have an exemplar, and whether its labels are short enough.
Breach check_exemplar(const SampleInFamily& sample, std::span<const LabelView> labels);

/// Follows the samples of one histogram at one time: buckets in order and cumulative, the last one
/// +Inf and equal to the count, count and sum together or not at all.
class HistogramCheck {
 public:
  Breach add(const SampleInFamily& sample);
  /// To be asked when the histogram ends; then it is as new.
  Breach finish();
  bool empty() const { return !bucket_ && !count_ && !sum_; }

 private:
  struct Bucket {
    double limit = 0;
    double value = 0;
  };
  std::optional<Bucket> bucket_;  // the newest
  std::optional<double> count_;
  std::optional<double> sum_;
  bool negative_ = false;  // some bucket ends below zero
  bool gauge_ = false;
};

}  // namespace tocsin::exposition
