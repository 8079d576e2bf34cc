#include "promql/evaluator.h"

#include <string>
#include <unordered_set>
#include <utility>

#include "promql/aggregation.h"
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
      budget_(options.max_samples),
      reader_(snapshot, windows(query.root(), times, options), options.lookback.count(), budget_) {}

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
        selector, at, [&](const model::Labels& labels, std::span<const model::Sample> samples) {
          ranges.push_back({labels, {samples.begin(), samples.end()}, false});
          return budget_.take(samples.size());
        });
    if (!status) {
      return status.error();
    }
    return Operand(std::move(ranges));
  }
  Elements elements;
  elements.reserve(reader_.series_count(selector));
  auto status =
      each_sample(selector, scope.time_ms, [&](const model::Labels& labels, model::Sample sample) {
        elements.push_back({labels, sample.value, false});
      });
  if (!status) {
    return status.error();
  }
  if (auto fits = budget_.take(elements.size()); !fits) {
    return fits.error();
  }
  budget_.give_back(elements.size());
  return Operand(std::move(elements));
}

Status Evaluator::each_sample(const Selector& selector, std::int64_t time_ms,
                              const SampleReader::OnSample& on_sample) {
  return reader_.instant(selector, shifted(selector.shift, time_ms, times_), on_sample);
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
  return combine(*this, binary, std::move(*left), std::move(*right));
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
    element.value = -element.value;
  }
  const Names names = scope.names_marked ? Names::kMarked : Names::kSettled;
  if (auto status = drop_names(elements, has_one_name(*unary.inner), names); !status) {
    return status.error();
  }
  return inner;
}

Status Evaluator::count_step() {
  if (++steps_ > options_.max_steps) {
    return base::Error(
        base::ErrorCode::kLimitExceeded,
        "query takes more than " + std::to_string(options_.max_steps) + " steps of subqueries");
  }
  return {};
}

Status Evaluator::drop_names(Elements& elements, bool one_name, Names names) {
  if (delayed() || (one_name && names == Names::kMarked)) {
    for (Element& element : elements) {
      element.drop_name = true;
    }
    return {};
  }
  for (Element& element : elements) {
    element.labels = without_name(element.labels);
    element.drop_name = false;
  }
  return one_name ? Status() : refuse_duplicates(elements);
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
