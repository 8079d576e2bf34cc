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
class CounterWindow final : public SlidingWindow {
 public:
  /// Makes the result from the change that was seen within the range.
  using Finish = double (*)(const RangeInput& input, double change);

  explicit CounterWindow(Finish finish) : finish_(finish) {}

 private:
  struct Reset {
    std::uint64_t number;  // of the first sample after it
    double before;
  };

  void clear(std::uint64_t) override { resets_.clear(); }
  void push(const RangeInput& input, std::uint64_t first, std::uint64_t number) override {
    if (number > first && at(input, first, number) < at(input, first, number - 1)) {
      resets_.push_back({number, at(input, first, number - 1)});
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
    return finish_(input, input.samples.back().value - input.samples.front().value + lost);
  }

  Finish finish_;
  std::deque<Reset> resets_;
};

/// How often something happened from one sample to the next.
class EventWindow final : public SlidingWindow {
 public:
  using Happened = bool (*)(double now, double before);

  explicit EventWindow(Happened happened) : happened_(happened) {}

 private:
  void clear(std::uint64_t) override { events_.clear(); }
  void push(const RangeInput& input, std::uint64_t first, std::uint64_t number) override {
    if (number > first && happened_(at(input, first, number), at(input, first, number - 1))) {
      events_.push_back(number);
    }
  }
  std::optional<double> result(const RangeInput&, std::uint64_t first) override {
    while (!events_.empty() && events_.front() <= first) {
      events_.pop_front();
    }
    return static_cast<double>(events_.size());
  }

  Happened happened_;
  std::deque<std::uint64_t> events_;  // numbers of the samples after them
};

}  // namespace tocsin::promql
