#include <array>
#include <utility>

#include "base/text.h"
#include "promql/evaluator.h"

namespace tocsin::promql {

using base::Result;
using base::Status;

Result<Operand> Evaluator::node(const Call& call, const TimeScope& scope) {
  const auto& run = call.function->run;
  if (const auto* range = std::get_if<RangeFunction>(&run)) {
    return call_range(call, *range, scope);
  }
  if (const auto* element = std::get_if<ElementFunction>(&run)) {
    return call_element(call, *element, scope);
  }
  if (const auto* histogram = std::get_if<HistogramFunction>(&run)) {
    return call_histogram(call, *histogram, scope);
  }
  return call_general(call, std::get<GeneralFunction>(run), scope);
}

Result<std::vector<double>> Evaluator::scalar_arguments(const Call& call, std::int64_t time_ms) {
  std::vector<double> values;
  for (const ExprPtr& argument : call.arguments) {
    if (argument->type != ValueType::kScalar) {
      continue;
    }
    auto value = eval(*argument, time_ms);
    if (!value) {
      return value.error();
    }
    values.push_back(std::get<double>(*value));
  }
  return values;
}

void Evaluator::note_counter(const Call& call, std::string_view metric, std::string& last) {
  if (metric.empty() || metric == last) {
    return;
  }
  last = metric;
  static constexpr std::array<std::string_view, 4> kCounterEndings = {"_total", "_sum", "_count",
                                                                      "_bucket"};
  for (const std::string_view ending : kCounterEndings) {
    if (metric.ends_with(ending)) {
      return;
    }
  }
  notes_.info(call.arguments.front()->span,
              "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: " +
                  base::quote(metric));
}

Status Evaluator::accept_parameters(const Call& call, std::span<const double> parameters) {
  if (call.function->quantile_parameter && !(parameters.front() >= 0 && parameters.front() <= 1)) {
    notes_.warn(call.arguments.front()->span, "quantile value should be between 0 and 1, got " +
                                                  base::format_number_short(parameters.front()));
  }
  const auto check = call.function->check_parameters;
  return check == nullptr ? Status() : check(parameters);
}

Result<Operand> Evaluator::call_range(const Call& call, RangeFunction run, const TimeScope& scope) {
  auto parameters = scalar_arguments(call, scope.time_ms);
  if (!parameters) {
    return parameters.error();
  }
  const Expr* range = nullptr;
  for (const ExprPtr& argument : call.arguments) {
    range = argument->type == ValueType::kMatrix ? argument.get() : range;
  }
  Elements elements;
  std::string last_metric;
  bool checked = false;
  auto status = each_range(*range, scope.time_ms, [&](const RangeView& view) -> Status {
    // Without a sample nobody minds what the parameters are.
    if (!std::exchange(checked, true)) {
      if (auto accepted = accept_parameters(call, *parameters); !accepted) {
        return accepted;
      }
    }
    RangeInput input = view.input;
    input.parameters = *parameters;
    Notes notes;
    input.notes = &notes;
    auto value = run(input);
    const std::string_view metric = view.drop_name ? "" : view.labels.metric_name();
    annotate(notes_, notes, call.arguments.front()->span, {metric, {}});
    if (!value) {
      return {};
    }
    if (call.function->expects_counter && !value->is_histogram()) {
      note_counter(call, metric, last_metric);
    }
    elements.push_back({view.labels, value->value, view.drop_name, std::move(value->histogram)});
    return {};
  });
  if (!status) {
    return status.error();
  }
  if (!call.function->keeps_name) {
    const Names names = scope.names_marked ? Names::kMarked : Names::kSettled;
    if (auto dropped = drop_names(elements, has_one_name(*range), names); !dropped) {
      return dropped.error();
    }
  }
  return Operand(std::move(elements));
}

Result<Operand> Evaluator::call_element(const Call& call, ElementFunction run,
                                        const TimeScope& scope) {
  auto parameters = scalar_arguments(call, scope.time_ms);
  if (!parameters) {
    return parameters.error();
  }
  if (call.arguments.empty()) {
    holds_until(scope.time_ms);
    const double seconds = static_cast<double>(scope.time_ms) / 1000.0;
    return Operand(Elements{{model::Labels(), run(seconds, *parameters), false, nullptr}});
  }
  auto argument = eval(*call.arguments.front(), scope.time_ms);
  if (!argument) {
    return argument;
  }
  auto& elements = std::get<Elements>(*argument);
  drop_histograms(elements);
  for (Element& element : elements) {
    element.value = run(element.value, *parameters);
  }
  const Names names = scope.names_marked ? Names::kMarked : Names::kSettled;
  const bool one_name = has_one_name(*call.arguments.front());
  if (auto dropped = drop_names(elements, one_name, names); !dropped) {
    return dropped.error();
  }
  return argument;
}

Result<Operand> Evaluator::call_histogram(const Call& call, HistogramFunction run,
                                          const TimeScope& scope) {
  auto argument = eval(*call.arguments.front(), scope.time_ms);
  if (!argument) {
    return argument;
  }
  auto& elements = std::get<Elements>(*argument);
  std::erase_if(elements, [](const Element& element) { return element.histogram == nullptr; });
  for (Element& element : elements) {
    element.set(run(*element.histogram));
  }
  const Names names = scope.names_marked ? Names::kMarked : Names::kSettled;
  if (auto dropped = drop_names(elements, has_one_name(*call.arguments.front()), names); !dropped) {
    return dropped.error();
  }
  return argument;
}

Result<Operand> Evaluator::call_general(const Call& call, GeneralFunction run,
                                        const TimeScope& scope) {
  CallFrame frame{*this, call, scope.expr, scope.time_ms, {}};
  for (const ExprPtr& argument : call.arguments) {
    if (argument->type == ValueType::kMatrix) {
      frame.arguments.emplace_back(Ranges{});
      continue;
    }
    auto value = eval(*argument, scope.time_ms);
    if (!value) {
      return value;
    }
    frame.arguments.push_back(std::move(*value));
  }
  return run(frame);
}

}  // namespace tocsin::promql
