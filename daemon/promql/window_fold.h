#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "promql/numeric.h"
#include "promql/window.h"

/// Windows of functions that fold values. Nothing is ever subtracted, so that no rounding error
/// stays behind when a sample leaves.
namespace tocsin::promql {

/// A fold whose parts can be joined, by two stacks: of the samples up to some point the folds of
/// all suffixes are kept, of those behind it one running fold. When the first part has left, the
/// second one takes its place. The state has add(double) and join(later state).
template <class State>
class JoinedWindow final : public WindowKind<JoinedWindow<State>> {
 public:
  /// From the state to the result.
  using Finish = double (*)(const State& state);
  /// The same from all samples, where the order of additions decides between finite and not.
  using Fold = std::optional<Number> (*)(const RangeInput& input);

  JoinedWindow(Finish finish, Fold fold) : finish_(finish), fold_(fold) {}

  bool exact() const override { return false; }

  void clear(std::uint64_t next) override {
    suffixes_.clear();
    middle_ = next;
    rest_ = State();
    unsafe_end_ = 0;
  }
  void push(const RangeInput& input, std::uint64_t first, std::uint64_t number) override {
    const double value = value_at(input, first, number);
    rest_.add(value);
    if (!(std::fabs(value) < State::kSafe)) {
      unsafe_end_ = number + 1;
    }
  }
  std::optional<double> result(const RangeInput& input, std::uint64_t first) override {
    if (first > middle_) {
      turn(input, first);
    }
    if (unsafe_end_ > first) {
      return fold_(input)->value;
    }
    if (first == middle_) {
      return finish_(rest_);
    }
    State state = suffixes_[middle_ - first - 1];
    state.join(rest_);
    return finish_(state);
  }

 private:
  // Samples of the second part have left: all that is there becomes the first one.
  void turn(const RangeInput& input, std::uint64_t first) {
    suffixes_.clear();
    State state;
    for (std::size_t i = input.samples.size(); i > 0; --i) {
      state.add(input.samples[i - 1].value);
      suffixes_.push_back(state);
    }
    middle_ = first + input.samples.size();
    rest_ = State();
  }

  Finish finish_;
  Fold fold_;
  std::vector<State> suffixes_;  // that of the sample before the middle comes first
  std::uint64_t middle_ = 0;     // the number of the first sample of the second part
  State rest_;
  std::uint64_t unsafe_end_ = 0;  // behind the last sample that must not be joined
};

/// A sum, and how many were added.
struct SumState {
  static constexpr double kSafe = 1e280;  // no sum of such values overflows
  CompensatedSum sum;
  double count = 0;

  void add(double value) {
    sum.add(value);
    count += 1;
  }
  void join(const SumState& later) {
    sum.add(later.sum.sum);
    sum.lost += later.sum.lost;
    count += later.count;
  }
};

/// Mean and sum of squared distances from it, joined as in Chan, Golub and LeVeque, "Updating
/// Formulae and a Pairwise Algorithm for Computing Sample Variances" (1979).
struct VarianceState {
  static constexpr double kSafe = 1e140;  // no square of such values overflows
  CompensatedSum mean;
  CompensatedSum squares;
  double count = 0;

  void add(double value) {
    count += 1;
    const double delta = value - mean.value();
    mean.add(delta / count);
    squares.add(delta * (value - mean.value()));
  }
  void join(const VarianceState& later) {
    if (later.count == 0) {
      return;
    }
    const double total = count + later.count;
    const double delta = later.mean.value() - mean.value();
    squares.add(later.squares.sum);
    squares.lost += later.squares.lost;
    squares.add(delta * delta * count * later.count / total);
    mean.add(delta * later.count / total);
    count = total;
  }
};

/// The smallest or largest value: only those are kept that no later one beats.
class ExtremeWindow final : public WindowKind<ExtremeWindow> {
 public:
  explicit ExtremeWindow(bool larger) : larger_(larger) {}

  void clear(std::uint64_t) override { candidates_.clear(); }
  void push(const RangeInput& input, std::uint64_t first, std::uint64_t number) override {
    const double value = value_at(input, first, number);
    if (std::isnan(value)) {
      return;
    }
    while (!candidates_.empty() &&
           (larger_ ? value > candidates_.back().value : value < candidates_.back().value)) {
      candidates_.pop_back();
    }
    candidates_.push_back({number, value});
  }
  std::optional<double> result(const RangeInput& input, std::uint64_t first) override {
    while (!candidates_.empty() && candidates_.front().number < first) {
      candidates_.pop_front();
    }
    return candidates_.empty() ? input.samples.back().value : candidates_.front().value;
  }

 private:
  struct Candidate {
    std::uint64_t number;
    double value;
  };

  bool larger_;
  std::deque<Candidate> candidates_;
};

/// A quantile: the values are kept in order. Its first parameter says which.
class QuantileWindow final : public WindowKind<QuantileWindow> {
 public:
  void clear(std::uint64_t next) override {
    begin_ = next;
    values_.clear();
    ordered_.clear();
  }
  void push(const RangeInput& input, std::uint64_t first, std::uint64_t number) override {
    const double value = value_at(input, first, number);
    values_.push_back(value);
    ordered_.insert(place_of(value), value);
  }
  std::optional<double> result(const RangeInput& input, std::uint64_t first) override {
    for (; begin_ < first; ++begin_) {
      ordered_.erase(place_of(values_.front()));
      values_.pop_front();
    }
    return quantile_of_sorted(input.parameters[0], ordered_);
  }

 private:
  std::vector<double>::iterator place_of(double value) {
    return std::lower_bound(ordered_.begin(), ordered_.end(), value, NanFirst());
  }

  std::uint64_t begin_ = 0;
  std::deque<double> values_;    // by time
  std::vector<double> ordered_;  // by value
};

}  // namespace tocsin::promql
