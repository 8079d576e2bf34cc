#include "promql/bind.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "promql/durations.h"
#include "promql/functions.h"
#include "promql/info.h"
#include "promql/lexer.h"
#include "promql/plan.h"

/// Copies a tree and puts numbers in the place of what the times of the query decide.
namespace tocsin::promql {
namespace {

using base::Result;

// What a call without arguments stands for; nothing for other functions.
std::optional<double> constant_of(const Call& call, const QueryTimes& times) {
  const auto seconds = [](std::int64_t ms) { return static_cast<double>(ms) / 1000.0; };
  const std::string_view name = call.function->name;
  if (name == "step") {
    return seconds(times.step_ms);
  }
  if (name == "range") {
    return seconds(times.end_ms - times.start_ms);
  }
  if (name == "start") {
    return seconds(times.start_ms);
  }
  return name == "end" ? std::optional(seconds(times.end_ms)) : std::nullopt;
}

bool depends(const DurationPtr& duration) { return duration && depends_on_times(*duration); }

class Binder {
 public:
  Binder(const QueryTimes& times, std::string_view text) : times_(times), text_(text) {}

  Result<ExprPtr> copy(const Expr& expr) {
    auto fresh = std::make_unique<Expr>();
    fresh->span = expr.span;
    fresh->type = expr.type;
    fresh->depth = expr.depth;
    auto node = std::visit([this](const auto& part) { return this->copy_node(part); }, expr.node);
    if (!node) {
      return node.error();
    }
    fresh->node = std::move(*node);
    return ExprPtr(std::move(fresh));
  }

 private:
  using Node = Result<Expr::Node>;

  base::Status replace(const DurationPtr& expr, std::int64_t& value, bool positive) {
    if (!depends(expr)) {
      return {};
    }
    const auto computed = duration_ms(*expr, times_.step_ms, times_.end_ms - times_.start_ms);
    if (!computed) {
      return std::move(base::Error(computed.error())).at(position_of(text_, expr->span.begin));
    }
    if (positive && *computed <= 0) {
      return base::Error(base::ErrorCode::kInvalidInput, "duration must be greater than 0")
          .at(position_of(text_, expr->span.begin));
    }
    value = *computed;
    return {};
  }

  base::Status replace(TimeShift& shift) {
    return replace(shift.offset_expr, shift.offset_ms, false);
  }

  // Copies a child into its place; the first error is kept.
  base::Status child(const ExprPtr& from, ExprPtr& to) {
    if (!from) {
      return {};
    }
    auto made = copy(*from);
    if (!made) {
      return made.error();
    }
    to = std::move(*made);
    return {};
  }

  static Node copy_node(const NumberLiteral& number) { return Expr::Node(number); }
  static Node copy_node(const StringLiteral& text) { return Expr::Node(text); }

  Node copy_node(const Selector& selector) {
    Selector fresh = selector;
    if (fresh.range_ms) {
      if (auto status = replace(fresh.range_expr, *fresh.range_ms, true); !status) {
        return status.error();
      }
    }
    if (auto status = replace(fresh.shift); !status) {
      return status.error();
    }
    return Expr::Node(std::move(fresh));
  }

  Node copy_node(const Subquery& subquery) {
    Subquery fresh{{},
                   subquery.range_ms,
                   subquery.step_ms,
                   subquery.range_expr,
                   subquery.step_expr,
                   subquery.shift};
    if (auto status = child(subquery.inner, fresh.inner); !status) {
      return status.error();
    }
    if (auto status = replace(fresh.range_expr, fresh.range_ms, true); !status) {
      return status.error();
    }
    if (fresh.step_ms) {
      if (auto status = replace(fresh.step_expr, *fresh.step_ms, true); !status) {
        return status.error();
      }
    }
    if (auto status = replace(fresh.shift); !status) {
      return status.error();
    }
    return Expr::Node(std::move(fresh));
  }

  Node copy_node(const Call& call) {
    if (const auto constant = constant_of(call, times_)) {
      return Expr::Node(NumberLiteral{*constant, false});
    }
    Call fresh{call.function, {}, call.regex};
    for (const ExprPtr& argument : call.arguments) {
      if (auto status = child(argument, fresh.arguments.emplace_back()); !status) {
        return status.error();
      }
    }
    if (fresh.arguments.size() == 2 && is_info_selector(*fresh.arguments[1])) {
      // It looks where the first argument looks, which may have moved.
      auto selector = std::make_unique<Expr>();
      const Expr& old = *fresh.arguments[1];
      selector->node = std::get<Selector>(old.node);
      selector->span = old.span;
      selector->type = old.type;
      selector->depth = old.depth;
      std::get<Selector>(selector->node).shift = info_shift(*fresh.arguments[0]);
      fresh.arguments[1] = std::move(selector);
    }
    return Expr::Node(std::move(fresh));
  }

  Node copy_node(const Aggregation& aggregation) {
    Aggregation fresh{aggregation.op,    {}, {}, aggregation.without, aggregation.grouped,
                      aggregation.labels};
    if (auto status = child(aggregation.parameter, fresh.parameter); !status) {
      return status.error();
    }
    if (auto status = child(aggregation.inner, fresh.inner); !status) {
      return status.error();
    }
    return Expr::Node(std::move(fresh));
  }

  Node copy_node(const Binary& binary) {
    Binary fresh{binary.op, {}, {}, binary.return_bool, binary.matching};
    if (auto status = child(binary.left, fresh.left); !status) {
      return status.error();
    }
    if (auto status = child(binary.right, fresh.right); !status) {
      return status.error();
    }
    return Expr::Node(std::move(fresh));
  }

  Node copy_node(const Unary& unary) {
    Unary fresh{unary.minus, {}};
    if (auto status = child(unary.inner, fresh.inner); !status) {
      return status.error();
    }
    return Expr::Node(std::move(fresh));
  }

  Node copy_node(const Paren& paren) {
    Paren fresh;
    if (auto status = child(paren.inner, fresh.inner); !status) {
      return status.error();
    }
    return Expr::Node(std::move(fresh));
  }

  QueryTimes times_;
  std::string_view text_;
};

}  // namespace

bool depends_on_times(const Expr& expr) {
  if (const auto* selector = std::get_if<Selector>(&expr.node)) {
    return depends(selector->range_expr) || depends(selector->shift.offset_expr);
  }
  if (const auto* subquery = std::get_if<Subquery>(&expr.node);
      subquery != nullptr && (depends(subquery->range_expr) || depends(subquery->step_expr) ||
                              depends(subquery->shift.offset_expr))) {
    return true;
  }
  if (const auto* call = std::get_if<Call>(&expr.node);
      call != nullptr && constant_of(*call, QueryTimes())) {
    return true;
  }
  bool found = false;
  for_each_child(expr, [&](const Expr& child) { found = found || depends_on_times(child); });
  return found;
}

Result<Query> bind(const Query& query, const QueryTimes& times) {
  Query bound = query;
  if (!query.depends_on_times()) {
    return bound;
  }
  auto root = Binder(times, query.text()).copy(query.root());
  if (!root) {
    return root.error();
  }
  bound.root_ = std::move(*root);
  bound.plan_ = std::make_shared<const Plan>(make_plan(*bound.root_));
  bound.depends_on_times_ = false;
  return bound;
}

}  // namespace tocsin::promql
