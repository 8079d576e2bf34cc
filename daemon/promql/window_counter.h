#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "promql/window.h"

/// Windows of functions that look at how each sample differs from the one before.
namespace tocsin::promql {

/// The increase of a counter. Where it began again from zero is remembered, so that the result is
/// computed from the first and the last sample and what was lost between them, in the same order
/// as from all samples: bit for bit the same.
/// `kFinish` makes the result from the change that was seen within the range.
template <double (*kFinish)(const RangeInput& input, double change)>
class CounterWindow final : public WindowKind<CounterWindow<kFinish>> {
 public:
  void clear(std::uint64_t) override { resets_.clear(); }
  void push(const RangeInput& input, std::uint64_t first, std::uint64_t number) override {
    if (number > first && value_at(input, first, number) < value_at(input, first, number - 1)) {
      resets_.push_back({number, value_at(input, first, number - 1)});
    }
  }
  std::optional<double> result(const RangeInput& input, std::uint64_t first) override {
    while (!resets_.empty() && resets_.front().number <= first) {
      resets_.pop_front();
    }
    if (input.samples.size() < 2) {
      return std::nullopt;
    }
    double lost = 0;
    for (const Reset& reset : resets_) {
      lost += reset.before;
    }
    return kFinish(input, input.samples.back().value - input.samples.front().value + lost);
  }

 private:
  struct Reset {
    std::uint64_t number;  // of the first sample after it
    double before;
  };

  std::deque<Reset> resets_;
};

/// How often something happened from one sample to the next.
template <bool (*kHappened)(double now, double before)>
class EventWindow final : public WindowKind<EventWindow<kHappened>> {
 public:
  void clear(std::uint64_t) override { events_.clear(); }
  void push(const RangeInput& input, std::uint64_t first, std::uint64_t number) override {
    if (number > first &&
        kHappened(value_at(input, first, number), value_at(input, first, number - 1))) {
      events_.push_back(number);
    }
  }
  std::optional<double> result(const RangeInput&, std::uint64_t first) override {
    while (!events_.empty() && events_.front() <= first) {
      events_.pop_front();
    }
    return static_cast<double>(events_.size());
  }

 private:
  std::deque<std::uint64_t> events_;  // numbers of the samples after them
};

}  // namespace tocsin::promql
