#include "promql/ast.h"

#include <array>

#include "base/text.h"

namespace tocsin::promql {
namespace {

constexpr std::array<std::string_view, 18> kBinaryNames = {
    "+",  "-",  "*", "/", "%",  "^",  "atan2", "</", ">/",
    "==", "!=", "<", ">", "<=", ">=", "and",   "or", "unless"};

constexpr std::array<std::string_view, 14> kAggregateNames = {
    "sum",    "avg",  "min",     "max",          "count",    "group",  "stddev",
    "stdvar", "topk", "bottomk", "count_values", "quantile", "limitk", "limit_ratio"};

}  // namespace

std::string_view to_string(BinaryOp op) { return kBinaryNames[static_cast<std::size_t>(op)]; }

bool is_comparison(BinaryOp op) { return op >= BinaryOp::kEqual && op <= BinaryOp::kGreaterEqual; }

bool is_trim(BinaryOp op) { return op == BinaryOp::kTrimUpper || op == BinaryOp::kTrimLower; }

bool is_set_operator(BinaryOp op) { return op >= BinaryOp::kAnd; }

int precedence(BinaryOp op) {
  switch (op) {
    case BinaryOp::kOr:
      return 1;
    case BinaryOp::kAnd:
    case BinaryOp::kUnless:
      return 2;
    case BinaryOp::kAdd:
    case BinaryOp::kSubtract:
      return 4;
    case BinaryOp::kMultiply:
    case BinaryOp::kDivide:
    case BinaryOp::kModulo:
    case BinaryOp::kAtan2:
      return 5;
    case BinaryOp::kPower:
      return 6;
    default:
      return 3;  // comparisons and trims
  }
}

std::string_view to_string(AggregateOp op) { return kAggregateNames[static_cast<std::size_t>(op)]; }

std::string_view to_string(Extension extension) {
  switch (extension) {
    case Extension::kAnchored:
      return "anchored";
    case Extension::kSmoothed:
      return "smoothed";
    case Extension::kNone:
      break;
  }
  return {};
}

std::optional<AggregateOp> aggregate_op(std::string_view name) {
  const std::string lower = base::to_lower(name);
  for (std::size_t i = 0; i < kAggregateNames.size(); ++i) {
    if (kAggregateNames[i] == lower) {
      return static_cast<AggregateOp>(i);
    }
  }
  return std::nullopt;
}

bool has_parameter(AggregateOp op) {
  switch (op) {
    case AggregateOp::kTopk:
    case AggregateOp::kBottomk:
    case AggregateOp::kCountValues:
    case AggregateOp::kQuantile:
    case AggregateOp::kLimitk:
    case AggregateOp::kLimitRatio:
      return true;
    default:
      return false;
  }
}

std::string_view describe(ValueType type) {
  switch (type) {
    case ValueType::kVector:
      return "instant vector";
    case ValueType::kMatrix:
      return "range vector";
    case ValueType::kString:
      return "string";
    case ValueType::kScalar:
      break;
  }
  return "scalar";
}

const Expr& without_parens(const Expr& expr) {
  const Expr* at = &expr;
  while (const auto* paren = std::get_if<Paren>(&at->node)) {
    at = paren->inner.get();
  }
  return *at;
}

}  // namespace tocsin::promql
