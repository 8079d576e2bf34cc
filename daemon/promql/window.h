#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "promql/functions.h"

/// Functions of a range that moves forward: each sample is looked at once when it enters, instead
/// of at every place of the range. The windows know nothing of queries, so that whoever keeps the
/// samples of a series may keep one beside them from one look to the next.
namespace tocsin::promql {

/// A range that moves over the samples of one series, step by step.
struct Slide {
  std::span<const model::Sample> samples;  ///< of the series; floats only, ascending
  std::int64_t range_ms = 0;
  std::span<const double> parameters;  ///< see RangeInput
  Notes* notes = nullptr;
  /// Where the range ends at each of the steps, and the times of their evaluations.
  std::span<const std::int64_t> ends_ms;
  std::span<const std::int64_t> times_ms;
  /// A place for each step; those without a result are left as they are.
  std::span<double> values;

  // Kept from one call to the next.
  std::size_t begin = 0;        ///< the range's first sample, at the last step
  std::size_t end = 0;          ///< the one behind its last
  std::uint64_t looked_at = 0;  ///< samples within the ranges, summed over the steps
  std::size_t found = 0;        ///< steps that have a result
};

/// The value of the sample `number` in a range whose first one is `first`.
inline double value_at(const RangeInput& input, std::uint64_t first, std::uint64_t number) {
  return input.samples[number - first].value;
}

/// What a function remembers of the range of one series. The samples of the series are numbered
/// 0, 1, 2 … in the order of time; floats only, without stale markers.
class SlidingWindow {
 public:
  virtual ~SlidingWindow() = default;

  /// The value for the range of `input`, whose samples have the numbers `first` and up. Neither
  /// end of the range may lie before that of the last call. Never called without a sample.
  std::optional<double> value(const RangeInput& input, std::uint64_t first) {
    return next(*this, input, first);
  }
  /// The values of many steps of a series whose samples are numbered from 0; see restart().
  virtual void slide(Slide& slide) = 0;

  /// Whether the value is, bit for bit, what the function makes of all samples at once.
  virtual bool exact() const { return true; }

  /// Begins with another series.
  void restart() {
    clear(0);
    end_ = 0;
  }

  // What a kind of window does; called by the two above.

  /// Forgets everything: the next sample has the number `next`.
  virtual void clear(std::uint64_t next) = 0;
  /// A sample enters. It and those before it are in `input` as far as they are in the range.
  virtual void push(const RangeInput& input, std::uint64_t first, std::uint64_t number) = 0;
  /// Those before `first` have left.
  virtual std::optional<double> result(const RangeInput& input, std::uint64_t first) = 0;

 protected:
  // For a window whose kind the compiler knows: then nothing of it is called through a pointer.
  template <class Window>
  std::optional<double> next(Window& window, const RangeInput& input, std::uint64_t first) {
    const std::uint64_t end = first + input.samples.size();
    if (first >= end_) {
      window.clear(first);
      end_ = first;
    }
    for (; end_ < end; ++end_) {
      window.push(input, first, end_);
    }
    return window.result(input, first);
  }

 private:
  std::uint64_t end_ = 0;  // the number of the next sample to enter
};

/// What each kind of window derives from, giving its own type, which is final.
template <class Self>
class WindowKind : public SlidingWindow {
 public:
  void slide(Slide& slide) final {
    RangeInput input;
    input.parameters = slide.parameters;
    input.notes = slide.notes;
    const auto samples = slide.samples;
    for (std::size_t i = 0; i < slide.ends_ms.size(); ++i) {
      input.end_ms = slide.ends_ms[i];
      input.start_ms = input.end_ms - slide.range_ms;
      while (slide.end < samples.size() && samples[slide.end].time_ms <= input.end_ms) {
        ++slide.end;
      }
      while (slide.begin < slide.end && samples[slide.begin].time_ms <= input.start_ms) {
        ++slide.begin;
      }
      if (slide.begin == slide.end) {
        continue;
      }
      input.time_ms = slide.times_ms[i];
      input.samples = samples.subspan(slide.begin, slide.end - slide.begin);
      slide.looked_at += input.samples.size();
      if (const auto value = next(static_cast<Self&>(*this), input, slide.begin)) {
        slide.values[i] = *value;
        ++slide.found;
      }
    }
  }

 private:
  friend Self;
  WindowKind() = default;
};

}  // namespace tocsin::promql
