#include "promql/evaluator.h"

#include <string>
#include <unordered_set>
#include <utility>

#include "promql/aggregation.h"
#include "promql/arithmetic.h"
#include "promql/binary.h"

namespace tocsin::promql {

using base::Result;
using base::Status;

namespace {

base::Error same_labels() {
  return {base::ErrorCode::kInvalidInput, "vector cannot contain metrics with the same labelset"};
}

}  // namespace

bool has_one_name(const Expr& expr) {
  const Expr& inner = without_parens(expr);
  if (const auto* selector = std::get_if<Selector>(&inner.node)) {
    return !selector->pinned_name.empty();
  }
  if (const auto* subquery = std::get_if<Subquery>(&inner.node)) {
    return has_one_name(*subquery->inner);
  }
  return false;
}

model::Labels without_name(const model::Labels& labels) {
  if (!labels.has(model::kMetricName)) {
    return labels;
  }
  std::vector<model::Label> rest;
  rest.reserve(labels.size());
  for (const model::Label& label : labels) {
    if (label.name.view() != model::kMetricName) {
      rest.push_back(label);
    }
  }
  return model::Labels(std::move(rest));
}

Evaluator::Evaluator(const Query& query, const series::Snapshot& snapshot,
                     const EvalOptions& options, TimeSpan times)
    : options_(options),
      times_(times),
      notes_(query.text()),
      budget_(options),
      reader_(snapshot, windows(query.root(), times, options),
              selectors_telling_resets(query.root()), options.lookback.count(), budget_) {}

Result<Operand> Evaluator::eval(const Expr& expr, std::int64_t time_ms, Names names) {
  const TimeScope scope{expr, time_ms, names == Names::kMarked};
  return std::visit([&](const auto& part) { return node(part, scope); }, expr.node);
}

Result<Operand> Evaluator::node(const NumberLiteral& number, const TimeScope&) {
  return Operand(number.value);
}

Result<Operand> Evaluator::node(const StringLiteral& text, const TimeScope&) {
  return Operand(text.value);
}

Result<Operand> Evaluator::node(const Paren& paren, const TimeScope& scope) {
  return eval(*paren.inner, scope.time_ms, scope.names_marked ? Names::kMarked : Names::kSettled);
}

Result<Operand> Evaluator::node(const Selector& selector, const TimeScope& scope) {
  if (selector.range_ms) {
    Ranges ranges;
    const std::int64_t at = shifted(selector.shift, scope.time_ms, times_);
    auto status = reader_.range(
        selector, at, [&](const model::Labels& labels, const SampleReader::RangeData& data) {
          ranges.push_back({labels,
                            {data.samples.begin(), data.samples.end()},
                            false,
                            {data.histograms.begin(), data.histograms.end()},
                            {}});
          if (auto wanted = looked_at(data.size()); !wanted) {
            return wanted;
          }
          return budget_.take(data.samples.size() + weight(data.histograms));
        });
    if (!status) {
      return status.error();
    }
    holds_until(scope.time_ms);
    return Operand(std::move(ranges));
  }
  Elements elements;
  elements.reserve(reader_.series_count(selector));
  auto status =
      each_sample(selector, scope.time_ms, [&](const model::Labels& labels, series::Point point) {
        elements.push_back({labels, point.value, false, std::move(point.histogram)});
      });
  if (!status) {
    return status.error();
  }
  if (auto wanted = looked_at(elements.size()); !wanted) {
    return wanted.error();
  }
  if (auto fits = budget_.take(elements.size()); !fits) {
    return fits.error();
  }
  budget_.give_back(elements.size());
  return Operand(std::move(elements));
}

Status Evaluator::looked_at(std::size_t samples) {
  if (subquery_depth_ == 0) {
    stats_.total_samples += samples;
  }
  return budget_.spend(samples);
}

EvalStats Evaluator::take_stats() {
  stats_.peak_samples = budget_.peak();
  if (options_.per_step_stats && !is_range_query()) {
    stats_.per_step = {{times_.start_ms, stats_.total_samples}};
  }
  return std::move(stats_);
}

Status Evaluator::each_sample(const Selector& selector, std::int64_t time_ms,
                              const OnSample& on_sample) {
  const auto until = reader_.instant(selector, shifted(selector.shift, time_ms, times_), on_sample);
  if (!until) {
    return until.error();
  }
  holds_while_read(selector.shift, *until);
  return {};
}

Result<Operand> Evaluator::node(const Aggregation& aggregation, const TimeScope& scope) {
  return aggregate(*this, aggregation, scope.time_ms);
}

Result<Operand> Evaluator::node(const Binary& binary, const TimeScope& scope) {
  auto left = eval(*binary.left, scope.time_ms);
  if (!left) {
    return left;
  }
  auto right = eval(*binary.right, scope.time_ms);
  if (!right) {
    return right;
  }
  return combine(*this, scope.expr, std::move(*left), std::move(*right));
}

Result<Operand> Evaluator::node(const Unary& unary, const TimeScope& scope) {
  auto inner = eval(*unary.inner, scope.time_ms);
  if (!inner || !unary.minus) {
    return inner;
  }
  if (auto* scalar = std::get_if<double>(&*inner)) {
    return Operand(-*scalar);
  }
  auto& elements = std::get<Elements>(*inner);
  for (Element& element : elements) {
    element.set(negated(element.number()));
  }
  const Names names = scope.names_marked ? Names::kMarked : Names::kSettled;
  if (auto status = drop_names(elements, has_one_name(*unary.inner), names); !status) {
    return status.error();
  }
  return inner;
}

Grouping& Evaluator::grouping(const void* node, bool keep, const std::vector<std::string>& labels) {
  return groupings_.try_emplace(node, keep, labels, steps_ > 0).first->second;
}

model::Labels Evaluator::nameless(const model::Labels& labels) {
  if (steps_ == 0) {
    return without_name(labels);
  }
  const auto [known, fresh] = nameless_.try_emplace(labels);
  if (fresh) {
    known->second = without_name(labels);
  }
  return known->second;
}

Status Evaluator::drop_names(Elements& elements, bool one_name, Names names) {
  if (delayed() || (one_name && names == Names::kMarked)) {
    for (Element& element : elements) {
      element.drop_name = true;
    }
    return {};
  }
  bool changed = false;
  for (Element& element : elements) {
    element.drop_name = false;
    if (element.labels.has(model::kMetricName)) {
      element.labels = nameless(element.labels);
      changed = true;
    }
  }
  return one_name || !changed ? Status() : refuse_duplicates(elements);
}

Status Evaluator::refuse_duplicates(const Elements& elements) const {
  if (elements.size() < 2) {
    return {};
  }
  std::unordered_set<model::Labels, model::LabelsHash> seen;
  seen.reserve(elements.size());
  for (const Element& element : elements) {
    if (!seen.insert(element.labels).second) {
      return same_labels();
    }
  }
  return {};
}

Status Evaluator::finish(Operand& operand) const {
  if (!delayed()) {
    return {};
  }
  if (auto* elements = std::get_if<Elements>(&operand)) {
    for (Element& element : *elements) {
      if (element.drop_name) {
        element.labels = without_name(element.labels);
      }
    }
    return refuse_duplicates(*elements);
  }
  if (auto* ranges = std::get_if<Ranges>(&operand)) {
    std::unordered_set<model::Labels, model::LabelsHash> seen;
    for (RangeSeries& series : *ranges) {
      if (series.drop_name) {
        series.labels = without_name(series.labels);
      }
      if (!seen.insert(series.labels).second) {
        return same_labels();
      }
    }
  }
  return {};
}

}  // namespace tocsin::promql
