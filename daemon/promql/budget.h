#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "promql/query.h"

namespace tocsin::promql {

/// What one evaluation may use and has used: samples held at a time, samples looked at, and
/// whether somebody wants it to stop.
class Budget {
 public:
  explicit Budget(const EvalOptions& options)
      : limit_(options.max_samples), interrupt_(options.interrupt.get()) {}

  /// Counts samples that are held from now on; fails when there are too many.
  base::Status take(std::size_t count);
  void give_back(std::size_t count) { held_ -= count; }
  std::size_t peak() const { return peak_; }

  /// Counts work, in samples or elements, and looks every few thousand of them whether the
  /// evaluation is wanted any longer: kCancelled or kTimeout when it is not.
  base::Status spend(std::size_t count) {
    unchecked_ += count + 1;
    if (unchecked_ < kBetweenLooks) {
      return {};
    }
    unchecked_ = 0;
    return look();
  }

 private:
  static constexpr std::size_t kBetweenLooks = 4096;

  base::Status look() const;

  std::size_t limit_;
  const Interrupt* interrupt_;
  std::size_t held_ = 0;
  std::size_t peak_ = 0;
  std::size_t unchecked_ = kBetweenLooks;  // so that the first time looks
};

}  // namespace tocsin::promql
