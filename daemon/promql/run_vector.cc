#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "promql/operators.h"
#include "promql/step_context.h"

/// Functions with a form of their own: vector(), scalar(), absent(), and those of labels alone.
namespace tocsin::promql {
namespace {

using base::Result;

/// One column that is known beforehand.
class SingleStream final : public Stream {
 public:
  explicit SingleStream(Column column) : column_(std::move(column)) {}

  Result<bool> next(Column& column) override {
    if (done_) {
      return false;
    }
    done_ = true;
    column = column_;
    return true;
  }

 private:
  Column column_;
  bool done_ = false;
};

/// Calls a function that changes labels once for each series.
class RelabelStream final : public Stream {
 public:
  RelabelStream(Run& run, const PlanNode& node, StreamPtr inner)
      : run_(run), expr_(*node.expr), context_(run, node), inner_(std::move(inner)) {
    for (std::size_t i = 1; i < node.inputs.size(); ++i) {
      const Expr& text = *run.node(node.inputs[i]).expr;
      texts_.push_back(std::get<StringLiteral>(text.node).value);
    }
  }

  Result<Operand> call(Elements elements) {
    const auto& call = std::get<Call>(expr_.node);
    CallFrame frame{context_, call, expr_, run_.times().start_ms, {}};
    frame.arguments.reserve(texts_.size() + 1);
    frame.arguments.emplace_back(std::move(elements));
    for (const std::string& text : texts_) {
      frame.arguments.emplace_back(text);
    }
    return std::get<GeneralFunction>(call.function->run)(frame);
  }

  Result<bool> next(Column& column) override {
    auto more = inner_->next(column);
    if (!more || !*more) {
      return more;
    }
    run_.settle(column);
    auto result = call({{column.labels, 0, column.drop_name, nullptr}});
    if (!result) {
      return result.error();
    }
    Element& element = std::get<Elements>(*result).front();
    column.labels = std::move(element.labels);
    column.drop_name = element.drop_name;
    return true;
  }

 private:
  Run& run_;
  const Expr& expr_;
  StepContext context_;
  StreamPtr inner_;
  std::vector<std::string> texts_;
};

}  // namespace

Result<StreamPtr> open_vector_of(Run& run, const PlanNode& node) {
  const auto scalars = run.scalars(node.inputs.front());
  if (!scalars) {
    return scalars.error();
  }
  Column column;
  column.reset(run.grid(node).size());
  for (std::size_t i = 0; i < column.values.size(); ++i) {
    column.values[i] = (*scalars)[i];
  }
  return StreamPtr(std::make_unique<SingleStream>(std::move(column)));
}

Result<StreamPtr> open_absent(Run& run, const PlanNode& node) {
  auto inner = run.open(node.inputs.front(), node.frame);
  if (!inner) {
    return inner.error();
  }
  Column result;
  result.reset(run.grid(node).size());
  // The function itself knows the labels of what is missing.
  StepContext context(run, node);
  CallFrame frame{context, std::get<Call>(node.expr->node), *node.expr, run.times().start_ms, {}};
  frame.arguments.emplace_back(Elements{});
  auto missing = std::get<GeneralFunction>(frame.call.function->run)(frame);
  if (!missing) {
    return missing.error();
  }
  result.labels = std::move(std::get<Elements>(*missing).front().labels);
  std::fill(result.values.begin(), result.values.end(), 1.0);
  Column column;
  while (true) {
    const auto more = (*inner)->next(column);
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return StreamPtr(std::make_unique<SingleStream>(std::move(result)));
    }
    for (std::size_t i = 0; i < result.values.size(); ++i) {
      if (is_present(column.values[i])) {
        result.values[i] = absent_value();
      }
    }
  }
}

Result<std::vector<double>> scalar_of(Run& run, const PlanNode& node) {
  const std::size_t steps = run.grid(node).size();
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> values(steps, kNan);
  std::vector<std::uint8_t> seen(steps);
  auto inner = run.open(node.inputs.front(), node.frame);
  if (!inner) {
    return inner.error();
  }
  Column column;
  while (true) {
    const auto more = (*inner)->next(column);
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return values;
    }
    for (std::size_t i = 0; i < steps; ++i) {
      if (is_present(column.values[i]) && !column.has_histogram(i)) {
        values[i] = seen[i] == 0 ? column.values[i] : kNan;
        seen[i] = 1;
      }
    }
  }
}

Result<StreamPtr> open_relabel(Run& run, const PlanNode& node) {
  auto inner = run.open(node.inputs.front(), node.frame);
  if (!inner) {
    return inner.error();
  }
  auto stream = std::make_unique<RelabelStream>(run, node, std::move(*inner));
  // Arguments that are wrong are wrong without any series too.
  if (auto checked = stream->call({}); !checked) {
    return checked.error();
  }
  return run.checked_always(node, std::move(stream));
}

}  // namespace tocsin::promql
