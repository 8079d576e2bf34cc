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

constexpr std::array<std::string_view, 15> kAsksForTime = {
    "days_in_month", "day_of_month", "day_of_week", "day_of_year", "hour",
    "minute",        "month",        "year",        "time",        "timestamp",
    "start",         "end",          "range",       "step",        "predict_linear"};

struct Finder {
  std::vector<std::uint32_t> ends;  // where an @ can be put
  bool asks_for_time = false;
  bool start_or_end = false;

  void shift(const TimeShift& shift, const Expr& expr, bool inside_subquery) {
    if (shift.anchor == TimeShift::Anchor::kEvaluation && !inside_subquery) {
      ends.push_back(expr.span.end);
    }
    start_or_end = start_or_end || shift.anchor == TimeShift::Anchor::kStart ||
                   shift.anchor == TimeShift::Anchor::kEnd;
  }

  void visit(const Expr& expr, bool inside_subquery) {
    if (const auto* selector = std::get_if<promql::Selector>(&expr.node)) {
      shift(selector->shift, expr, inside_subquery);
    } else if (const auto* subquery = std::get_if<promql::Subquery>(&expr.node)) {
      shift(subquery->shift, expr, inside_subquery);
      inside_subquery = true;
    } else if (const auto* call = std::get_if<promql::Call>(&expr.node)) {
      asks_for_time = asks_for_time ||
                      std::ranges::find(kAsksForTime, call->function->name) != kAsksForTime.end();
      if (call->function->name == "info") {
        visit(*call->arguments[0], inside_subquery);
        return;  // the other argument follows the first
      }
    }
    promql::for_each_child(expr, [&](const Expr& child) { visit(child, inside_subquery); });
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
  if (finder.asks_for_time || query.depends_on_times()) {
    return std::nullopt;
  }
  std::string text = query.text();
  std::ranges::sort(finder.ends, std::greater<>());
  for (const std::uint32_t end : finder.ends) {
    text.insert(end, " @ " + std::to_string(time_ms) + "ms ");
  }
  auto anchored = promql::parse(text, promql::ParseOptions::all());
  return anchored ? std::optional(*anchored) : std::nullopt;
}

bool runs_as_range(const promql::Query& query) {
  const bool plain =
      query.type() == promql::ValueType::kScalar || query.type() == promql::ValueType::kVector;
  return plain && !query.depends_on_times() && !find(query).start_or_end;
}

}  // namespace tocsin::promqltest
