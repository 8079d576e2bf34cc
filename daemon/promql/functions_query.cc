#include <cmath>
#include <string>

#include "promql/call_frame.h"
#include "promql/functions.h"

/// Functions of the query itself and of plain numbers.
namespace tocsin::promql {
namespace {

using base::Result;

// bind() puts a number here before any evaluation.
Result<Operand> bound(CallFrame& frame) {
  return base::Error(base::ErrorCode::kInternal,
                     std::string(frame.call.function->name) + "() is not bound to a query");
}

// NaN when either is NaN.
Result<Operand> min_of(CallFrame& frame) {
  const double a = frame.scalar(0);
  const double b = frame.scalar(1);
  return Operand(std::isnan(a) || std::isnan(b) ? a + b : std::fmin(a, b));
}
Result<Operand> max_of(CallFrame& frame) {
  const double a = frame.scalar(0);
  const double b = frame.scalar(1);
  return Operand(std::isnan(a) || std::isnan(b) ? a + b : std::fmax(a, b));
}

}  // namespace

std::vector<Function> query_functions() {
  constexpr auto kScalar = ValueType::kScalar;
  std::vector<Function> rows = {
      {"start", {}, 0, kScalar, &bound, "first time of the query in seconds"},
      {"end", {}, 0, kScalar, &bound, "last time of the query in seconds"},
      {"range", {}, 0, kScalar, &bound, "seconds from the first to the last step, else 0"},
      {"step", {}, 0, kScalar, &bound, "seconds between two steps of a range query, else 0"},
      {"min_of", {kScalar, kScalar}, 0, kScalar, &min_of, "the smaller of two numbers"},
      {"max_of", {kScalar, kScalar}, 0, kScalar, &max_of, "the larger of two numbers"},
  };
  for (Function& row : rows) {
    row.experimental = true;
  }
  return rows;
}

}  // namespace tocsin::promql
