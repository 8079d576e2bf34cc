#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

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

/// Samples that somebody holds; they are given back when it goes. The budget outlives it.
class Charge {
 public:
  explicit Charge(Budget& budget) : budget_(&budget) {}
  Charge(Charge&& other) noexcept
      : budget_(other.budget_), count_(std::exchange(other.count_, 0)) {}
  Charge& operator=(Charge&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(count_, other.count_);
    return *this;
  }
  ~Charge() { budget_->give_back(count_); }

  /// Fails when there are too many; they count as held all the same.
  base::Status take(std::size_t count) {
    count_ += count;
    return budget_->take(count);
  }

 private:
  Budget* budget_;
  std::size_t count_ = 0;
};

}  // namespace tocsin::promql
