#include <algorithm>
#include <optional>
#include <utility>

#include "promql/extended.h"
#include "promql/operators.h"
#include "promql/points.h"
#include "promql/range_source.h"

/// Instant vector selectors: the newest sample of each series within the lookback.
namespace tocsin::promql {
namespace {

using base::Result;
using model::Sample;

class InstantStream final : public Stream {
 public:
  InstantStream(Run& run, const PlanNode& node, const Selector& selector, bool timestamps,
                const ValueFilter* filter)
      : run_(run),
        node_(node),
        selector_(selector),
        series_(run.series(node)),
        steps_(run.grid(node)),
        lookback_ms_(run.options().lookback.count()),
        timestamps_(timestamps) {
    if (filter != nullptr) {
      filter_ = *filter;
    }
  }

  Result<bool> next(Column& column) override {
    while (next_ < series_.size()) {
      const std::size_t row = next_;
      const series::PinnedSeries& series = series_[next_++];
      const bool any = steps_.size() == 1 ? read_one(series, column) : read_all(series, column);
      const std::size_t read = points_.size() + 1;
      if (auto status = run_.budget().spend(read); !status) {
        return status.error();
      }
      if (any) {
        column.labels = series.labels;
        column.row = row;
        column.drop_name = timestamps_;
        return true;
      }
    }
    return false;
  }

 private:
  void put(Column& column, std::size_t step, std::int64_t time_ms, double value) {
    column.values[step] = timestamps_ ? static_cast<double>(time_ms) / 1000.0 : value;
    run_.looked_at(node_, step, 1);
  }

  void put(Column& column, std::size_t step, const model::HistogramSample& sample) {
    put(column, step, sample.time_ms, 0);
    if (timestamps_) {
      return;
    }
    HistogramPtr histogram = sample.histogram;
    if (!node_.tell_resets) {
      hide_reset(histogram);
    }
    column.set(step, Number(std::move(histogram)));
  }

  bool read_one(const series::PinnedSeries& series, Column& column) {
    const std::int64_t at = shifted(selector_.shift, steps_.front(), run_.times());
    if (series.samples->floats_only()) {
      const auto sample = series.samples->newest(at - lookback_ms_ + 1, at);
      if (!sample || model::is_stale(sample->value)) {
        return false;
      }
      if (!keeps(0, sample->value)) {
        return false;
      }
      column.reset(1);
      put(column, 0, sample->time_ms, sample->value);
      return true;
    }
    auto point = series.samples->newest_point(at - lookback_ms_ + 1, at);
    if (!point || point->is_stale()) {
      return false;
    }
    column.reset(1);
    if (point->histogram) {
      put(column, 0, {point->time_ms, std::move(point->histogram)});
    } else {
      put(column, 0, point->time_ms, point->value);
    }
    return true;
  }

  bool read_all(const series::PinnedSeries& series, Column& column) {
    points_.clear();
    const std::int64_t first = shifted(selector_.shift, steps_.front(), run_.times());
    const std::int64_t last = shifted(selector_.shift, steps_.back(), run_.times());
    series.samples->read_points(first - lookback_ms_ + 1, last, points_);
    if (points_.empty()) {
      return false;
    }
    column.reset(steps_.size());
    bool any = false;
    std::size_t floats = 0;      // how many are not later than the step
    std::size_t histograms = 0;  // likewise
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const std::int64_t at = shifted(selector_.shift, steps_[i], run_.times());
      while (floats < points_.floats.size() && points_.floats[floats].time_ms <= at) {
        ++floats;
      }
      while (histograms < points_.histograms.size() &&
             points_.histograms[histograms].time_ms <= at) {
        ++histograms;
      }
      any = take_newest(column, i, at, floats, histograms) || any;
    }
    return any;
  }

  bool take_newest(Column& column, std::size_t step, std::int64_t at, std::size_t floats,
                   std::size_t histograms) {
    const Sample* sample = floats > 0 ? &points_.floats[floats - 1] : nullptr;
    const auto* histogram = histograms > 0 ? &points_.histograms[histograms - 1] : nullptr;
    if (histogram != nullptr && (sample == nullptr || histogram->time_ms > sample->time_ms)) {
      if (histogram->time_ms <= at - lookback_ms_ || histogram->histogram->is_stale()) {
        return false;
      }
      put(column, step, *histogram);
      return true;
    }
    if (sample == nullptr || sample->time_ms <= at - lookback_ms_ ||
        model::is_stale(sample->value)) {
      return false;
    }
    if (!keeps(step, sample->value)) {
      return false;
    }
    put(column, step, sample->time_ms, sample->value);
    return true;
  }

  // Counts what is not kept; put() counts the others.
  bool keeps(std::size_t step, double value) {
    if (!filter_ || filter_->keeps(value, step)) {
      return true;
    }
    run_.looked_at(node_, step, 1);
    return false;
  }

  Run& run_;
  const PlanNode& node_;
  const Selector& selector_;
  std::span<const series::PinnedSeries> series_;
  const Grid& steps_;
  std::int64_t lookback_ms_;
  bool timestamps_;
  std::optional<ValueFilter> filter_;
  std::size_t next_ = 0;
  series::Points points_;
};

/// A selector with `smoothed`: the values between samples are interpolated.
class SmoothedStream final : public Stream {
 public:
  SmoothedStream(Run& run, const PlanNode& node, const Selector& selector)
      : run_(run),
        node_(node),
        selector_(selector),
        series_(run.series(node)),
        steps_(run.grid(node)),
        lookback_ms_(run.options().lookback.count()) {}

  Result<bool> next(Column& column) override {
    while (next_ < series_.size()) {
      const series::PinnedSeries& series = series_[next_++];
      read(*series.samples);
      if (auto status = run_.budget().spend(points_.size() + 1); !status) {
        return status.error();
      }
      if (!points_.empty() && interpolate(series.labels, column)) {
        return true;
      }
    }
    return false;
  }

 private:
  void read(const series::PinnedSamples& samples) {
    points_.clear();
    const std::int64_t first = shifted(selector_.shift, steps_.front(), run_.times());
    const std::int64_t last = shifted(selector_.shift, steps_.back(), run_.times());
    samples.read_points(first - lookback_ms_ + 1, last + lookback_ms_, points_);
    drop_stale(points_);
  }

  bool interpolate(const model::Labels& labels, Column& column) {
    column.reset(steps_.size());
    column.labels = labels;
    column.drop_name = false;
    RangeFeed feed{labels, false, points_.floats, points_.histograms, {}};
    RangeCursor cursor(feed);
    Notes notes;
    bool any = false;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      RangeInput input;
      input.end_ms = shifted(selector_.shift, steps_[i], run_.times());
      input.start_ms = input.end_ms;
      input.before_ms = lookback_ms_;
      input.after_ms = lookback_ms_;
      input.notes = &notes;
      if (!cursor.move(input)) {
        continue;
      }
      if (auto value = smoothed_value(input)) {
        run_.looked_at(node_, i, 1);
        column.set(i, std::move(*value));
        any = true;
      }
    }
    if (!notes.empty()) {
      annotate(run_.notes(), notes, node_.expr->span, {labels.metric_name(), {}});
    }
    return any;
  }

  Run& run_;
  const PlanNode& node_;
  const Selector& selector_;
  std::span<const series::PinnedSeries> series_;
  const Grid& steps_;
  std::int64_t lookback_ms_;
  std::size_t next_ = 0;
  series::Points points_;
};

}  // namespace

Result<StreamPtr> open_instant(Run& run, const PlanNode& node, const ValueFilter* filter) {
  if (const auto& selector = std::get<Selector>(node.expr->node);
      selector.extension == Extension::kSmoothed) {
    return StreamPtr(std::make_unique<SmoothedStream>(run, node, selector));
  }
  return StreamPtr(std::make_unique<InstantStream>(run, node, std::get<Selector>(node.expr->node),
                                                   false, filter));
}

Result<StreamPtr> open_timestamps(Run& run, const PlanNode& node) {
  const auto& call = std::get<Call>(node.expr->node);
  const Expr& argument = without_parens(*call.arguments.front());
  return run.checked(node, std::make_unique<InstantStream>(
                               run, node, std::get<Selector>(argument.node), true, nullptr));
}

}  // namespace tocsin::promql
