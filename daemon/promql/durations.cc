#include "promql/durations.h"

#include <algorithm>
#include <cmath>

namespace tocsin::promql {
namespace {

using base::Result;
using Op = DurationExpr::Op;

base::Error failed(const char* message) { return {base::ErrorCode::kInvalidInput, message}; }

Result<double> apply(Op op, double left, double right) {
  switch (op) {
    case Op::kAdd:
      return left + right;
    case Op::kSubtract:
      return left - right;
    case Op::kMultiply:
      return left * right;
    case Op::kDivide:
      return right == 0 ? Result<double>(failed("division by zero")) : left / right;
    case Op::kModulo:
      return right == 0 ? Result<double>(failed("modulo by zero")) : std::fmod(left, right);
    case Op::kPower:
      return std::pow(left, right);
    case Op::kMinOf:
      return std::min(left, right);
    case Op::kMaxOf:
      return std::max(left, right);
    default:
      return -left;
  }
}

Result<double> seconds(const DurationExpr& expr, double step, double range) {
  switch (expr.op) {
    case Op::kNumber:
      return expr.value;
    case Op::kStep:
      return step;
    case Op::kRange:
      return range;
    default:
      break;
  }
  auto left = seconds(*expr.left, step, range);
  if (!left || !expr.right) {
    return left ? apply(expr.op, *left, 0) : left;
  }
  auto right = seconds(*expr.right, step, range);
  return right ? apply(expr.op, *left, *right) : right;
}

}  // namespace

bool depends_on_times(const DurationExpr& expr) {
  return expr.op == Op::kStep || expr.op == Op::kRange ||
         (expr.left && depends_on_times(*expr.left)) ||
         (expr.right && depends_on_times(*expr.right));
}

Result<std::int64_t> duration_ms(const DurationExpr& expr, std::int64_t step_ms,
                                 std::int64_t range_ms) {
  const auto value =
      seconds(expr, static_cast<double>(step_ms) / 1000.0, static_cast<double>(range_ms) / 1000.0);
  if (!value) {
    return value.error();
  }
  if (!(std::fabs(*value) <= kMaxDurationSeconds)) {
    return failed("duration is out of range");
  }
  // A plain number is rounded, the value of an expression is cut, as Prometheus does.
  const double milliseconds = *value * 1000;
  return static_cast<std::int64_t>(expr.op == Op::kNumber ? std::round(milliseconds)
                                                          : std::trunc(milliseconds));
}

}  // namespace tocsin::promql
