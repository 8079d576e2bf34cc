#include <unordered_map>
#include <utility>

#include "promql/evaluator.h"

namespace tocsin::promql {

using base::Result;
using base::Status;

Result<Ranges> Evaluator::subquery(const Subquery& subquery, std::int64_t time_ms) {
  const std::int64_t end = shifted(subquery.shift, time_ms, times_);
  const std::int64_t step = subquery.step_ms.value_or(options_.default_subquery_step.count());
  Ranges ranges;
  std::unordered_map<model::Labels, std::size_t, model::LabelsHash> index;
  for (std::int64_t at = first_step_after(end - subquery.range_ms, step); at <= end; at += step) {
    if (auto status = count_step(); !status) {
      return status.error();
    }
    auto value = eval(*subquery.inner, at);
    if (!value) {
      return value.error();
    }
    auto& elements = std::get<Elements>(*value);
    for (Element& element : elements) {
      const auto [place, fresh] = index.try_emplace(element.labels, ranges.size());
      if (fresh) {
        ranges.push_back({std::move(element.labels), {}, element.drop_name});
      }
      ranges[place->second].samples.push_back({at, element.value});
    }
    if (auto status = budget_.take(elements.size()); !status) {
      return status.error();
    }
  }
  return ranges;
}

Result<Operand> Evaluator::node(const Subquery& subquery, const TimeScope& scope) {
  auto ranges = this->subquery(subquery, scope.time_ms);
  if (!ranges) {
    return ranges.error();
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
    return reader_.range(*selector, input.end_ms,
                         [&](const model::Labels& labels, std::span<const model::Sample> samples) {
                           input.samples = samples;
                           return on_range(RangeView{labels, false, input});
                         });
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
    if (auto status = on_range(RangeView{series.labels, series.drop_name, input}); !status) {
      return status;
    }
    budget_.give_back(series.samples.size());
  }
  return {};
}

}  // namespace tocsin::promql
