#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "model/labels.h"
#include "model/sample.h"

namespace tocsin::promql {

/// One element of an instant vector while it is being computed. All elements of a vector belong to
/// the time that is evaluated, so none carries a timestamp.
struct Element {
  model::Labels labels;
  double value = 0;
  /// The metric name goes at the end of the evaluation; only with delayed name removal.
  bool drop_name = false;
};
using Elements = std::vector<Element>;

/// One series of a range vector while it is being computed.
struct RangeSeries {
  model::Labels labels;
  std::vector<model::Sample> samples;
  bool drop_name = false;
};
using Ranges = std::vector<RangeSeries>;

/// What a sub-expression evaluates to.
using Operand = std::variant<double, Elements, Ranges, std::string>;

}  // namespace tocsin::promql
