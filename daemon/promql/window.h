#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "promql/functions.h"

/// Functions of a range that moves forward: each sample is looked at once when it enters, instead
/// of at every place of the range. The windows know nothing of queries, so that whoever keeps the
/// samples of a series may keep one beside them from one look to the next.
namespace tocsin::promql {

/// What a function remembers of the range of one series. The samples of the series are numbered
/// 0, 1, 2 … in the order of time; floats only, without stale markers.
class SlidingWindow {
 public:
  virtual ~SlidingWindow() = default;

  /// The value for the range of `input`, whose samples have the numbers `first` and up. Neither
  /// end of the range may lie before that of the last call. Never called without a sample.
  std::optional<double> value(const RangeInput& input, std::uint64_t first) {
    const std::uint64_t end = first + input.samples.size();
    if (first >= end_) {
      clear(first);
      end_ = first;
    }
    for (; end_ < end; ++end_) {
      push(input, first, end_);
    }
    return result(input, first);
  }

  /// Whether the value is, bit for bit, what the function makes of all samples at once.
  virtual bool exact() const { return true; }

  /// Begins with another series.
  void restart() {
    clear(0);
    end_ = 0;
  }

 protected:
  /// Forgets everything: the next sample has the number `next`.
  virtual void clear(std::uint64_t next) = 0;
  /// A sample enters. It and those before it are in `input` as far as they are in the range.
  virtual void push(const RangeInput& input, std::uint64_t first, std::uint64_t number) = 0;
  /// Those before `first` have left.
  virtual std::optional<double> result(const RangeInput& input, std::uint64_t first) = 0;

  static double at(const RangeInput& input, std::uint64_t first, std::uint64_t number) {
    return input.samples[number - first].value;
  }

 private:
  std::uint64_t end_ = 0;  // the number of the next sample to enter
};

}  // namespace tocsin::promql
