#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "promql/call_frame.h"
#include "promql/functions.h"

/// Functions that look at a vector as a whole: absent, sort, scalar, vector.
namespace tocsin::promql {
namespace {

using base::Result;

// The labels that the missing series would have as far as its matchers tell: those that are
// matched by exactly one equality.
model::Labels labels_of_absent(const Expr& expr) {
  const auto* selector = std::get_if<Selector>(&expr.node);
  if (selector == nullptr) {
    return {};
  }
  std::set<std::string_view> seen;
  model::LabelsBuilder builder;
  for (const model::Matcher& matcher : selector->matchers) {
    if (matcher.name() == model::kMetricName) {
      continue;
    }
    if (matcher.kind() == model::MatchKind::kEqual && seen.insert(matcher.name()).second) {
      builder.set(matcher.name(), matcher.value());
    } else {
      builder.remove(matcher.name());
    }
  }
  return builder.build();
}

Result<Operand> absent(CallFrame& frame) {
  if (!frame.vector(0).empty()) {
    return Operand(Elements{});
  }
  return Operand(Elements{{labels_of_absent(*frame.call.arguments[0]), 1, false, nullptr}});
}

Result<Operand> absent_over_time(CallFrame& frame) {
  bool found = false;
  auto status = frame.evaluator.each_range(*frame.call.arguments[0], frame.time_ms,
                                           [&](const CallContext::RangeView&) -> base::Status {
                                             found = true;
                                             return {};
                                           });
  if (!status) {
    return status.error();
  }
  if (found) {
    return Operand(Elements{});
  }
  return Operand(Elements{{labels_of_absent(*frame.call.arguments[0]), 1, false, nullptr}});
}

Result<Operand> sorted(CallFrame& frame, bool descending) {
  if (frame.evaluator.is_range_query()) {
    frame.evaluator.notes().warn(
        frame.expr.span,
        "sort is ineffective for range queries since results are always ordered by labels");
  }
  Elements elements = std::move(frame.vector(0));
  drop_histograms(elements);
  std::ranges::stable_sort(elements, [descending](const Element& a, const Element& b) {
    if (std::isnan(a.value) || std::isnan(b.value)) {
      return !std::isnan(a.value) && std::isnan(b.value);
    }
    return descending ? a.value > b.value : a.value < b.value;
  });
  return Operand(std::move(elements));
}

Result<Operand> sort(CallFrame& frame) { return sorted(frame, false); }
Result<Operand> sort_desc(CallFrame& frame) { return sorted(frame, true); }

Result<Operand> scalar(CallFrame& frame) {
  Elements& elements = frame.vector(0);
  drop_histograms(elements);
  return Operand(elements.size() == 1 ? elements.front().value
                                      : std::numeric_limits<double>::quiet_NaN());
}

Result<Operand> vector(CallFrame& frame) {
  return Operand(Elements{{model::Labels(), frame.scalar(0), false, nullptr}});
}

}  // namespace

std::vector<Function> vector_functions() {
  constexpr auto kMatrix = ValueType::kMatrix;
  constexpr auto kScalar = ValueType::kScalar;
  constexpr auto kVector = ValueType::kVector;
  std::vector<Function> rows = {
      {"absent", {kVector}, 0, kVector, &absent, "1 when the vector is empty"},
      {"absent_over_time",
       {kMatrix},
       0,
       kVector,
       &absent_over_time,
       "1 when no series has a sample in the range"},
      {"sort", {kVector}, 0, kVector, &sort, "ordered by value"},
      {"sort_desc", {kVector}, 0, kVector, &sort_desc, "ordered by value, largest first"},
      {"scalar", {kVector}, 0, kScalar, &scalar, "value of the only element, else NaN"},
      {"vector", {kScalar}, 0, kVector, &vector, "one element without labels"},
  };
  for (Function& row : rows) {
    if (row.name == "absent") {
      row.form = Form::kAbsent;
    } else if (row.name == "scalar") {
      row.form = Form::kScalar;
    } else if (row.name == "vector") {
      row.form = Form::kVector;
    }
  }
  return rows;
}

}  // namespace tocsin::promql
