#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "promql/budget.h"
#include "promql/column.h"

namespace tocsin::promql {

/// Columns that are kept: a table of one row for each series. What was charged for it is given back
/// when it goes.
class Block {
 public:
  Block(std::size_t steps, Budget& budget) : steps_(steps), charge_(budget) {}

  /// Counts values that it holds; fails when there are too many.
  base::Status charge(std::size_t count) { return charge_.take(count); }
  /// Takes over what somebody else was charged for its values.
  void charge(Charge charge) { charge_ = std::move(charge); }

  std::size_t steps() const { return steps_; }
  std::size_t rows() const { return series_.size(); }
  const model::Labels& labels(std::size_t row) const { return series_[row].labels; }
  bool drop_name(std::size_t row) const { return series_[row].drop_name; }
  std::span<const double> values(std::size_t row) const {
    return std::span(values_).subspan(row * steps_, steps_);
  }
  bool has_histograms(std::size_t row) const { return histograms_.contains(row); }
  HistogramPtr histogram(std::size_t row, std::size_t step) const {
    const auto found = histograms_.find(row);
    return found == histograms_.end() ? nullptr : found->second[step];
  }
  Number at(std::size_t row, std::size_t step) const {
    auto pointer = histograms_.empty() ? nullptr : histogram(row, step);
    return pointer ? Number(std::move(pointer)) : Number(values(row)[step]);
  }

  /// The number of the new row.
  std::size_t add(const Column& column) {
    const std::size_t row = add(column.labels, column.drop_name);
    std::copy(column.values.begin(), column.values.end(), mutable_values(row).begin());
    if (!column.histograms.empty()) {
      histograms_.emplace(row, column.histograms);
    }
    return row;
  }
  /// A row without values.
  std::size_t add(model::Labels labels, bool drop_name) {
    series_.push_back({std::move(labels), drop_name});
    values_.resize(values_.size() + steps_, absent_value());
    return series_.size() - 1;
  }
  void set(std::size_t row, std::size_t step, Number number) {
    mutable_values(row)[step] = number.is_histogram() ? 0 : number.value;
    if (number.is_histogram()) {
      auto& list = histograms_[row];
      list.resize(steps_);
      list[step] = std::move(number.histogram);
    }
  }
  /// Puts the values of a column into a row; false when both have one at the same step.
  bool join(std::size_t row, const Column& column) {
    for (std::size_t i = 0; i < steps_; ++i) {
      if (!is_present(column.values[i])) {
        continue;
      }
      if (is_present(values(row)[i])) {
        return false;
      }
      set(row, i, column.at(i));
    }
    return true;
  }
  void fill(std::size_t row, Column& column) const {
    column.labels = labels(row);
    column.drop_name = drop_name(row);
    const auto from = values(row);
    column.values.assign(from.begin(), from.end());
    const auto found = histograms_.find(row);
    if (found == histograms_.end()) {
      column.histograms.clear();
    } else {
      column.histograms = found->second;
    }
  }

 private:
  struct Series {
    model::Labels labels;
    bool drop_name;
  };

  std::span<double> mutable_values(std::size_t row) {
    return std::span(values_).subspan(row * steps_, steps_);
  }

  std::size_t steps_;
  Charge charge_;
  std::vector<Series> series_;
  std::vector<double> values_;
  std::unordered_map<std::size_t, std::vector<HistogramPtr>> histograms_;  // by row
};

}  // namespace tocsin::promql
