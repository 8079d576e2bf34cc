#include <optional>
#include <string>
#include <utility>

#include "promql/evaluator.h"
#include "promql/histogram_ranges.h"
#include "promql/step_collector.h"

namespace tocsin::promql {

using base::Result;
using base::Status;

Status Evaluator::count_step() {
  if (++steps_ > options_.max_steps) {
    return base::Error(
        base::ErrorCode::kLimitExceeded,
        "query takes more than " + std::to_string(options_.max_steps) + " steps of subqueries");
  }
  return {};
}

// A selector with a fixed time reads the same samples at every step.
void Evaluator::holds_while_read(const TimeShift& shift, std::int64_t read_until_ms) {
  if (shift.anchor == TimeShift::Anchor::kEvaluation && read_until_ms != kForever) {
    holds_until(read_until_ms + shift.offset_ms);
  }
}

Result<Evaluator::Step> Evaluator::step(const Expr& expr, std::int64_t time_ms, bool whole_query) {
  const std::int64_t outer = std::exchange(holds_until_ms_, kForever);
  auto operand = eval(expr, time_ms);
  const std::int64_t until = std::exchange(holds_until_ms_, outer);
  if (!operand) {
    return operand.error();
  }
  if (whole_query) {
    if (auto status = finish(*operand); !status) {
      return status.error();
    }
  }
  if (const auto* scalar = std::get_if<double>(&*operand)) {
    return Step{{{model::Labels(), *scalar, false, nullptr}}, until};
  }
  return Step{std::move(std::get<Elements>(*operand)), until};
}

Result<Ranges> Evaluator::each_step(const Expr& expr, const Steps& steps, bool whole_query) {
  StepCollector collector;
  std::optional<std::int64_t> until;
  std::uint64_t last_read = 0;
  for (std::int64_t at = steps.first_ms; at <= steps.last_ms; at += steps.step_ms) {
    if (auto status = count_step(); !status) {
      return status.error();
    }
    if (auto status = budget_.spend(collector.last_size()); !status) {
      return status.error();
    }
    if (until && at <= *until) {
      collector.repeat(at);
      stats_.total_samples += last_read;
    } else {
      const std::uint64_t before = stats_.total_samples;
      auto next = step(expr, at, whole_query);
      if (!next) {
        return next.error();
      }
      until = next->until_ms;
      collector.add(at, std::move(next->elements));
      last_read = stats_.total_samples - before;
    }
    if (whole_query && options_.per_step_stats) {
      stats_.per_step.emplace_back(at, last_read);
    }
    if (auto status = budget_.take(collector.last_size()); !status) {
      return status.error();
    }
  }
  return collector.take();
}

Result<Ranges> Evaluator::subquery(const Subquery& subquery, std::int64_t time_ms) {
  holds_until(time_ms);
  const std::int64_t end = shifted(subquery.shift, time_ms, times_);
  const std::int64_t step = subquery.step_ms.value_or(options_.default_subquery_step.count());
  ++subquery_depth_;
  auto ranges = each_step(*subquery.inner,
                          {first_step_after(end - subquery.range_ms, step), end, step}, false);
  --subquery_depth_;
  if (ranges) {
    for (RangeSeries& series : *ranges) {
      forget_resets(series.histograms);
    }
  }
  return ranges;
}

Result<Operand> Evaluator::node(const Subquery& subquery, const TimeScope& scope) {
  auto ranges = this->subquery(subquery, scope.time_ms);
  if (!ranges) {
    return ranges.error();
  }
  for (const RangeSeries& series : *ranges) {
    if (auto wanted = looked_at(series.samples.size()); !wanted) {
      return wanted.error();
    }
  }
  return Operand(std::move(*ranges));
}

Status Evaluator::each_range(const Expr& expr, std::int64_t time_ms, const OnRange& on_range) {
  const Expr& inner = without_parens(expr);
  RangeInput input;
  input.time_ms = time_ms;
  if (const auto* selector = std::get_if<Selector>(&inner.node)) {
    input.end_ms = shifted(selector->shift, time_ms, times_);
    input.start_ms = input.end_ms - selector->range_ms.value_or(0);
    bool any = false;
    const auto until =
        reader_.range(*selector, input.end_ms,
                      [&](const model::Labels& labels, const SampleReader::RangeData& data) {
                        any = true;
                        input.samples = data.samples;
                        input.histograms = data.histograms;
                        input.float_starts = data.float_starts;
                        if (auto wanted = looked_at(data.size()); !wanted) {
                          return wanted;
                        }
                        return on_range(RangeView{labels, false, input});
                      });
    if (!until) {
      return until.error();
    }
    // Functions of a range may look at its edges and at the evaluation time.
    if (any) {
      holds_until(time_ms);
    } else {
      holds_while_read(selector->shift, *until);
    }
    return {};
  }
  const auto& subquery = std::get<Subquery>(inner.node);
  auto ranges = this->subquery(subquery, time_ms);
  if (!ranges) {
    return ranges.error();
  }
  input.end_ms = shifted(subquery.shift, time_ms, times_);
  input.start_ms = input.end_ms - subquery.range_ms;
  for (const RangeSeries& series : *ranges) {
    input.samples = series.samples;
    input.histograms = series.histograms;
    if (auto wanted = looked_at(series.size()); !wanted) {
      return wanted;
    }
    if (auto status = on_range(RangeView{series.labels, series.drop_name, input}); !status) {
      return status;
    }
    budget_.give_back(series.size());
  }
  return {};
}

}  // namespace tocsin::promql
