#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/text.h"
#include "promql/memory.h"
#include "promql/operators.h"
#include "promql/range_source.h"
#include "promql/window.h"

/// Functions of ranges: each series is read once, and the range slides over its samples.
namespace tocsin::promql {
namespace {

using base::Result;
using base::Status;

class RangeCallStream final : public Stream {
 public:
  RangeCallStream(Run& run, const PlanNode& node, const PlanNode& range, RangeFunction evaluate,
                  std::unique_ptr<RangeSource> source, std::vector<Scalars> scalars)
      : run_(run),
        node_(node),
        call_(std::get<Call>(node.expr->node)),
        function_(*call_.function),
        evaluate_(evaluate),
        steps_(run.grid(node)),
        shape_(range, run),
        source_(std::move(source)),
        scalars_(std::move(scalars)),
        parameters_(scalars_.size()) {
    for (const Scalars& values : scalars_) {
      constant_ = constant_ && values.constant();
    }
    accepted_.resize(constant_ ? 1 : steps_.size());
    // Ranges that do not overlap have nothing to hand on, and those with a modifier go their own
    // way.
    const bool plain = evaluate_ == std::get<RangeFunction>(function_.run);
    if (plain && function_.window != nullptr && steps_.size() > 1 &&
        steps_[1] - steps_[0] < shape_.range_ms) {
      window_ = function_.window();
    }
    const bool remembers = run.memory() != nullptr && range.kind == NodeKind::kRange &&
                           run.version(range) != 0 && steps_.size() == 1;
    if (plain && remembers && function_.window != nullptr && function_.window()->exact()) {
      kept_ = &run.memory()->windows(run.id_of(node), run.version(range), run.series(range).size());
    }
    // Whoever wants to know what each step looked at, or changes parameters, goes step by step.
    whole_ = window_ && constant_ && !run_.options().per_step_stats;
    if (whole_) {
      ends_ms_.reserve(steps_.size());
      for (const std::int64_t time_ms : steps_) {
        ends_ms_.push_back(shape_.at(time_ms).end_ms);
      }
    }
  }

  Result<bool> next(Column& column) override {
    RangeFeed feed;
    while (true) {
      auto more = source_->next(feed);
      if (!more || !*more) {
        return more;
      }
      column.reset(steps_.size());
      column.labels = feed.labels;
      column.row = feed.row;
      column.drop_name = feed.drop_name || !function_.keeps_name;
      const bool floats = feed.histograms.empty() && feed.float_starts.empty();
      const auto any = whole_ && floats ? slide(feed, column) : step_by_step(feed, column);
      if (!any || *any) {
        return any;
      }
    }
  }

 private:
  void take_parameters(std::size_t step) {
    for (std::size_t i = 0; i < scalars_.size(); ++i) {
      parameters_[i] = scalars_[i][step];
    }
  }

  // Without a sample nobody minds what the parameters are, so they are looked at only then, once.
  Status accept_parameters(std::size_t step) {
    take_parameters(step);
    if (scalars_.empty() || accepted_[constant_ ? 0 : step]) {
      return {};
    }
    accepted_[constant_ ? 0 : step] = true;
    if (function_.quantile_parameter && !(parameters_[0] >= 0 && parameters_[0] <= 1)) {
      run_.notes().warn(call_.arguments.front()->span,
                        "quantile value should be between 0 and 1, got " +
                            base::format_number_short(parameters_[0]));
    }
    const auto check = function_.check_parameters;
    return check == nullptr ? Status() : check(parameters_);
  }

  // All steps at once, but for a look now and then whether the evaluation is still wanted.
  Result<bool> slide(const RangeFeed& feed, Column& column) {
    constexpr std::size_t kSteps = 512;
    Notes notes;
    Slide slide;
    slide.samples = feed.samples;
    slide.range_ms = shape_.range_ms;
    slide.notes = &notes;
    take_parameters(0);
    slide.parameters = parameters_;
    window_->restart();
    for (std::size_t first = 0; first < steps_.size(); first += kSteps) {
      const std::size_t count = std::min(kSteps, steps_.size() - first);
      slide.ends_ms = std::span(ends_ms_).subspan(first, count);
      slide.times_ms = std::span(steps_).subspan(first, count);
      slide.values = std::span(column.values).subspan(first, count);
      window_->slide(slide);
      if (auto status = run_.budget().spend(count); !status) {
        return status.error();
      }
    }
    if (slide.looked_at > 0) {
      if (auto status = accept_parameters(0); !status) {
        return status.error();
      }
    }
    run_.looked_at(node_, 0, slide.looked_at);
    note(feed, notes, slide.found > 0);
    return slide.found > 0;
  }

  Result<bool> step_by_step(const RangeFeed& feed, Column& column) {
    Notes notes;
    RangeCursor cursor(feed);
    const bool sliding = window_ && feed.histograms.empty() && feed.float_starts.empty();
    if (sliding) {
      window_->restart();
    }
    bool any = false;
    bool any_float = false;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      RangeInput input = shape_.at(steps_[i]);
      if (steps_.size() == 1 && feed.number) {
        input.samples = feed.samples;
      } else if (!cursor.move(input)) {
        continue;
      }
      if (auto status = accept_parameters(i); !status) {
        return status.error();
      }
      input.parameters = parameters_;
      input.notes = &notes;
      const std::size_t samples = input.samples.size() + input.histograms.size();
      run_.looked_at(node_, i, samples);
      if (auto status = run_.budget().spend(samples); !status) {
        return status.error();
      }
      auto value = sliding ? of_window(input, cursor.first()) : of_range(feed, input);
      if (!value) {
        continue;
      }
      any = true;
      any_float = any_float || !value->is_histogram();
      column.set(i, std::move(*value));
    }
    note(feed, notes, any_float);
    return any;
  }

  std::optional<Number> of_window(const RangeInput& input, std::size_t first) {
    const auto value = window_->value(input, first);
    return value ? std::optional(Number(*value)) : std::nullopt;
  }

  // Long ranges of samples that lie at hand are not gone through again each time.
  std::optional<Number> of_range(const RangeFeed& feed, const RangeInput& input) {
    if (kept_ == nullptr || !feed.number || input.samples.size() < kKeepWindowFrom) {
      return evaluate_(input);
    }
    KeptWindow& kept = (*kept_)[feed.row];
    if (!kept.window) {
      kept.window = function_.window();
    }
    const auto value = kept.value(input, *feed.number);
    return value ? std::optional(Number(*value)) : std::nullopt;
  }

  void note(const RangeFeed& feed, Notes notes, bool any_float) {
    const std::string_view metric = feed.drop_name ? std::string_view() : feed.labels.metric_name();
    if (!notes.empty()) {
      annotate(run_.notes(), notes, call_.arguments.front()->span, {metric, {}});
    }
    if (function_.expects_counter && any_float) {
      note_counter(metric);
    }
  }

  void note_counter(std::string_view metric) {
    if (metric.empty() || metric == last_metric_) {
      return;
    }
    last_metric_ = metric;
    static constexpr std::array<std::string_view, 4> kCounterEndings = {"_total", "_sum", "_count",
                                                                        "_bucket"};
    for (const std::string_view ending : kCounterEndings) {
      if (metric.ends_with(ending)) {
        return;
      }
    }
    run_.notes().info(
        call_.arguments.front()->span,
        "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: " +
            base::quote(metric));
  }

  Run& run_;
  const PlanNode& node_;
  const Call& call_;
  const Function& function_;
  RangeFunction evaluate_;
  const Grid& steps_;
  RangeShape shape_;
  std::unique_ptr<RangeSource> source_;
  std::vector<Scalars> scalars_;
  std::vector<double> parameters_;
  std::unique_ptr<SlidingWindow> window_;    // null: each range is computed by itself
  std::vector<KeptWindow>* kept_ = nullptr;  // by series
  bool constant_ = true;
  bool whole_ = false;                 // window_ takes all steps of a series at once
  std::vector<std::int64_t> ends_ms_;  // of the ranges, by step, for that
  std::vector<bool> accepted_;         // by step; one when they are the same at all
  std::string last_metric_;
};

}  // namespace

Result<StreamPtr> open_range_call(Run& run, const PlanNode& node) {
  std::vector<Scalars> scalars;
  NodeId range = 0;
  for (const NodeId id : node.inputs) {
    if (run.node(id).expr->type == ValueType::kMatrix) {
      range = id;
      continue;
    }
    auto values = run.scalars(id);
    if (!values) {
      return values.error();
    }
    scalars.push_back(*values);
  }
  const auto& call = std::get<Call>(node.expr->node);
  const auto evaluate = range_function(*call.function, *run.node(range).expr);
  if (!evaluate) {
    return evaluate.error();
  }
  auto source = open_range(run, range, node.frame);
  if (!source) {
    return source.error();
  }
  return run.checked_whole(
      node, std::make_unique<RangeCallStream>(run, node, run.node(range), *evaluate,
                                              std::move(*source), std::move(scalars)));
}

}  // namespace tocsin::promql
