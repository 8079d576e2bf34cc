#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "model/labels.h"
#include "model/sample.h"
#include "promql/number.h"

namespace tocsin::promql {

/// One element of an instant vector while it is being computed. All elements of a vector belong to
/// the time that is evaluated, so none carries a timestamp.
struct Element {
  model::Labels labels;
  double value = 0;
  /// The metric name goes at the end of the evaluation; only with delayed name removal.
  bool drop_name = false;
  HistogramPtr histogram{};  ///< null for floats

  Number number() const { return histogram ? Number(histogram) : Number(value); }
  void set(Number number) {
    value = number.value;
    histogram = std::move(number.histogram);
  }
};
using Elements = std::vector<Element>;

/// For functions that know no histograms.
inline void drop_histograms(Elements& elements) {
  std::erase_if(elements, [](const Element& element) { return element.histogram != nullptr; });
}

/// One series of a range vector while it is being computed.
struct RangeSeries {
  model::Labels labels;
  std::vector<model::Sample> samples;
  bool drop_name = false;
  std::vector<model::HistogramSample> histograms;
  /// When counting began for each of `samples`, 0 where not known; empty when it is for none.
  std::vector<std::int64_t> float_starts;

  std::size_t size() const { return samples.size() + histograms.size(); }
};
using Ranges = std::vector<RangeSeries>;

/// What a sub-expression evaluates to.
using Operand = std::variant<double, Elements, Ranges, std::string>;

}  // namespace tocsin::promql
