#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "promql/operand.h"

namespace tocsin::promql {

/// Joins the instant vectors of ascending steps to a range vector, series in the order in which
/// they appear.
class StepCollector {
 public:
  void add(std::int64_t time_ms, Elements elements);
  /// Adds the vector of the step before once more.
  void repeat(std::int64_t time_ms);

  /// Elements of the last step.
  std::size_t last_size() const { return last_.size(); }
  Ranges take() { return std::move(ranges_); }

 private:
  struct Place {
    std::size_t series;
    double value;
    HistogramPtr histogram;
  };

  void put(const Place& place, std::int64_t time_ms);

  std::size_t series_of(Element& element, std::size_t position);

  Ranges ranges_;
  std::vector<Place> last_;
  std::unordered_map<model::Labels, std::size_t, model::LabelsHash> index_;
};

}  // namespace tocsin::promql
