#include "promql/range_source.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "promql/histogram_ranges.h"
#include "promql/points.h"

namespace tocsin::promql {

using base::Result;

namespace {

/// The samples of a range vector selector, series by series.
class SelectorSource final : public RangeSource {
 public:
  SelectorSource(Run& run, const PlanNode& node, const Grid& steps)
      : run_(run), series_(run.series(node)), tell_resets_(node.tell_resets) {
    const auto& selector = std::get<Selector>(node.expr->node);
    window_ = window_of(selector, {steps.front(), steps.back()}, run.times(), run.options());
  }
  ~SelectorSource() override { run_.budget().give_back(held_); }

  Result<bool> next(RangeFeed& feed) override {
    run_.budget().give_back(std::exchange(held_, 0));
    while (next_ < series_.size()) {
      const std::size_t row = next_;
      const series::PinnedSeries& series = series_[next_++];
      if (const auto near = series.samples->at_hand(window_.min_ms, window_.max_ms)) {
        if (near->samples.empty()) {
          continue;
        }
        feed = {series.labels, false, near->samples, {}, {}, row, near->first};
        return hold(near->samples.size(), near->samples.size());
      }
      read(*series.samples);
      if (points_.empty()) {
        continue;
      }
      feed = {series.labels,        false, points_.floats, points_.histograms,
              points_.float_starts, row,   std::nullopt};
      return hold(points_.size(), points_.floats.size() + weight(points_.histograms));
    }
    return false;
  }

 private:
  Result<bool> hold(std::size_t samples, std::size_t weight) {
    if (auto status = run_.budget().spend(samples); !status) {
      return status.error();
    }
    held_ = weight;
    if (auto status = run_.budget().take(held_); !status) {
      return status.error();
    }
    return true;
  }

  void read(const series::PinnedSamples& samples) {
    points_.clear();
    samples.read_points(window_.min_ms, window_.max_ms, points_);
    if (!tell_resets_) {
      for (model::HistogramSample& sample : points_.histograms) {
        hide_reset(sample.histogram);
      }
    }
    if (!run_.options().use_start_timestamps) {
      forget_starts(points_);
    }
    drop_stale(points_);
  }

  Run& run_;
  std::span<const series::PinnedSeries> series_;
  bool tell_resets_;
  Window window_;
  std::size_t next_ = 0;
  std::size_t held_ = 0;
  series::Points points_;
};

/// The values of a subquery's inner expression as samples. Columns with the same labels that take
/// turns are one series.
class SubquerySource final : public RangeSource {
 public:
  SubquerySource(Run& run, StreamPtr inner, const Grid& steps)
      : run_(run), inner_(std::move(inner)), steps_(steps) {}
  ~SubquerySource() override { run_.budget().give_back(held_); }

  Result<bool> next(RangeFeed& feed) override {
    run_.budget().give_back(std::exchange(held_, 0));
    auto more = inner_->next(column_);
    if (!more || !*more) {
      return more;
    }
    points_.clear();
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (column_.has_histogram(i)) {
        points_.histograms.push_back({steps_[i], column_.histograms[i], 0});
      } else if (is_present(column_.values[i])) {
        points_.floats.push_back({steps_[i], column_.values[i]});
      }
    }
    forget_resets(points_.histograms);
    held_ = points_.floats.size() + weight(points_.histograms);
    if (auto status = run_.budget().take(held_); !status) {
      return status.error();
    }
    if (auto status = run_.budget().spend(steps_.size()); !status) {
      return status.error();
    }
    feed = {column_.labels, column_.drop_name, points_.floats, points_.histograms, {},
            kNoRow,         std::nullopt};
    return true;
  }

 private:
  Run& run_;
  StreamPtr inner_;
  const Grid& steps_;
  Column column_;
  series::Points points_;
  std::size_t held_ = 0;
};

}  // namespace

Result<std::unique_ptr<RangeSource>> open_range(Run& run, NodeId id, FrameId frame) {
  const PlanNode& node = run.node(id);
  if (node.kind == NodeKind::kRange) {
    return std::unique_ptr<RangeSource>(
        std::make_unique<SelectorSource>(run, node, run.grid(frame)));
  }
  auto inner = run.open_merged(node.inputs.front(), node.inner_frame);
  if (!inner) {
    return inner.error();
  }
  return std::unique_ptr<RangeSource>(
      std::make_unique<SubquerySource>(run, std::move(*inner), run.grid(node.inner_frame)));
}

RangeShape::RangeShape(const PlanNode& node, const Run& run) : times(run.times()) {
  if (const auto* selector = std::get_if<Selector>(&node.expr->node)) {
    shift = &selector->shift;
    range_ms = selector->range_ms.value_or(0);
    const std::int64_t lookback = run.options().lookback.count();
    before_ms = selector->extension == Extension::kNone ? 0 : lookback;
    after_ms = selector->extension == Extension::kSmoothed ? lookback : 0;
  } else {
    const auto& subquery = std::get<Subquery>(node.expr->node);
    shift = &subquery.shift;
    range_ms = subquery.range_ms;
  }
}

bool RangeCursor::move(RangeInput& input) {
  const auto& samples = feed_->samples;
  const std::int64_t start_ms = input.start_ms - input.before_ms;
  const std::int64_t end_ms = input.end_ms + input.after_ms;
  while (end_ < samples.size() && samples[end_].time_ms <= end_ms) {
    ++end_;
  }
  while (begin_ < end_ && samples[begin_].time_ms <= start_ms) {
    ++begin_;
  }
  input.samples = samples.subspan(begin_, end_ - begin_);
  if (!feed_->float_starts.empty()) {
    input.float_starts = feed_->float_starts.subspan(begin_, end_ - begin_);
  }
  const auto& histograms = feed_->histograms;
  if (!histograms.empty()) {
    while (histograms_end_ < histograms.size() && histograms[histograms_end_].time_ms <= end_ms) {
      ++histograms_end_;
    }
    while (histograms_begin_ < histograms_end_ &&
           histograms[histograms_begin_].time_ms <= start_ms) {
      ++histograms_begin_;
    }
    input.histograms = histograms.subspan(histograms_begin_, histograms_end_ - histograms_begin_);
  }
  return begin_ < end_ || !input.histograms.empty();
}

}  // namespace tocsin::promql
