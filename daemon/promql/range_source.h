#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "promql/functions.h"
#include "promql/operand.h"
#include "promql/run.h"

namespace tocsin::promql {

/// Everything that one series of a range vector holds over all steps; views until the next series.
struct RangeFeed {
  model::Labels labels;
  bool drop_name = false;
  std::span<const model::Sample> samples;
  std::span<const model::HistogramSample> histograms;
  std::span<const std::int64_t> float_starts;  ///< empty, or one for each of `samples`
  std::size_t row = kNoRow;                    ///< the series' place in its selection
  /// The samples lie at hand: the number of the first one. See series::AtHand.
  std::optional<std::uint64_t> number{};

  std::size_t size() const { return samples.size() + histograms.size(); }
};

/// The series of a range vector, one after the other, each read once.
class RangeSource {
 public:
  virtual ~RangeSource() = default;
  virtual base::Result<bool> next(RangeFeed& feed) = 0;
};

/// For a node of kind kRange or kSubquery whose ranges are wanted at the steps of a frame.
base::Result<std::unique_ptr<RangeSource>> open_range(Run& run, NodeId id, FrameId frame);

/// The range of a kRange or kSubquery node at a time.
struct RangeShape {
  RangeShape(const PlanNode& node, const Run& run);

  /// The range that is looked at, (start, end], when the evaluation is at `time_ms`.
  RangeInput at(std::int64_t time_ms) const {
    RangeInput input;
    input.time_ms = time_ms;
    input.end_ms = shifted(*shift, time_ms, times);
    input.start_ms = input.end_ms - range_ms;
    input.before_ms = before_ms;
    input.after_ms = after_ms;
    return input;
  }

  const TimeShift* shift;
  std::int64_t range_ms;
  std::int64_t before_ms = 0;  ///< see RangeInput
  std::int64_t after_ms = 0;
  TimeSpan times;
};

/// The part of a feed that lies within a range which moves forward.
class RangeCursor {
 public:
  explicit RangeCursor(const RangeFeed& feed) : feed_(&feed) {}

  /// Moves to the range of `input`, which must not lie before the last one, and fills in what it
  /// holds. False when that is nothing.
  bool move(RangeInput& input);
  /// The number of the range's first float among those of the feed.
  std::size_t first() const { return begin_; }

 private:
  const RangeFeed* feed_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t histograms_begin_ = 0;
  std::size_t histograms_end_ = 0;
};

}  // namespace tocsin::promql
