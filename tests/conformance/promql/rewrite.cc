#include "conformance/promql/rewrite.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "promql/ast.h"
#include "promql/functions.h"

namespace tocsin::promqltest {
namespace {

using promql::Expr;
using promql::TimeShift;

constexpr std::array<std::string_view, 16> kAsksForTime = {
    "days_in_month", "day_of_month", "day_of_week", "day_of_year", "hour",  "minute",
    "month",         "year",         "time",        "timestamp",   "start", "predict_linear",
    "end",           "range",        "step",        "info"};

struct Finder {
  std::vector<std::uint32_t> ends;  // where an @ can be put
  bool asks_for_time = false;
  bool start_or_end = false;

  void shift(const TimeShift& shift, const Expr& expr) {
    if (shift.anchor == TimeShift::Anchor::kEvaluation) {
      ends.push_back(expr.span.end);
    }
    start_or_end = start_or_end || shift.anchor == TimeShift::Anchor::kStart ||
                   shift.anchor == TimeShift::Anchor::kEnd;
  }

  void visit(const Expr& expr, bool inside_subquery) {
    if (const auto* selector = std::get_if<promql::Selector>(&expr.node)) {
      if (inside_subquery) {
        const auto before = ends.size();
        shift(selector->shift, expr);
        ends.resize(before);
      } else {
        shift(selector->shift, expr);
      }
    } else if (const auto* subquery = std::get_if<promql::Subquery>(&expr.node)) {
      const auto before = ends.size();
      shift(subquery->shift, expr);
      if (inside_subquery) {
        ends.resize(before);
      }
      visit(*subquery->inner, true);
    } else if (const auto* call = std::get_if<promql::Call>(&expr.node)) {
      asks_for_time = asks_for_time ||
                      std::ranges::find(kAsksForTime, call->function->name) != kAsksForTime.end();
      for (const auto& argument : call->arguments) {
        visit(*argument, inside_subquery);
      }
    } else if (const auto* aggregation = std::get_if<promql::Aggregation>(&expr.node)) {
      if (aggregation->parameter) {
        visit(*aggregation->parameter, inside_subquery);
      }
      visit(*aggregation->inner, inside_subquery);
    } else if (const auto* binary = std::get_if<promql::Binary>(&expr.node)) {
      visit(*binary->left, inside_subquery);
      visit(*binary->right, inside_subquery);
    } else if (const auto* unary = std::get_if<promql::Unary>(&expr.node)) {
      visit(*unary->inner, inside_subquery);
    } else if (const auto* paren = std::get_if<promql::Paren>(&expr.node)) {
      visit(*paren->inner, inside_subquery);
    }
  }
};

Finder find(const promql::Query& query) {
  Finder finder;
  finder.visit(query.root(), false);
  return finder;
}

}  // namespace

std::optional<promql::Query> anchor(const promql::Query& query, std::int64_t time_ms) {
  Finder finder = find(query);
  if (finder.asks_for_time) {
    return std::nullopt;
  }
  std::string text = query.text();
  std::ranges::sort(finder.ends, std::greater<>());
  for (const std::uint32_t end : finder.ends) {
    text.insert(end, " @ " + std::to_string(time_ms) + "ms ");
  }
  auto anchored = promql::parse(text);
  return anchored ? std::optional(*anchored) : std::nullopt;
}

bool runs_as_range(const promql::Query& query) {
  const bool plain =
      query.type() == promql::ValueType::kScalar || query.type() == promql::ValueType::kVector;
  return plain && !find(query).start_or_end;
}

}  // namespace tocsin::promqltest
