#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "promql/durations.h"
#include "promql/parser.h"
#include "promql/parser_impl.h"

/// Durations: of ranges, subquery steps, offsets, and the time behind @.
namespace tocsin::promql {

using base::Error;
using base::Result;

namespace {

constexpr std::string_view kExpected = "number, duration, step(), or range()";
constexpr std::string_view kNotEnabled = "experimental duration expression is not enabled";

std::optional<DurationExpr::Op> binary_op(BinaryOp op) {
  switch (op) {
    case BinaryOp::kAdd:
      return DurationExpr::Op::kAdd;
    case BinaryOp::kSubtract:
      return DurationExpr::Op::kSubtract;
    case BinaryOp::kMultiply:
      return DurationExpr::Op::kMultiply;
    case BinaryOp::kDivide:
      return DurationExpr::Op::kDivide;
    case BinaryOp::kModulo:
      return DurationExpr::Op::kModulo;
    case BinaryOp::kPower:
      return DurationExpr::Op::kPower;
    default:
      return std::nullopt;
  }
}

struct Named {
  std::string_view name;
  DurationExpr::Op op;
  std::size_t arguments;
};
constexpr std::array<Named, 4> kFunctions = {{{"step", DurationExpr::Op::kStep, 0},
                                              {"range", DurationExpr::Op::kRange, 0},
                                              {"min_of", DurationExpr::Op::kMinOf, 2},
                                              {"max_of", DurationExpr::Op::kMaxOf, 2}}};

}  // namespace

Result<DurationPtr> Parser::make_duration(DurationExpr node, std::uint32_t begin) {
  for (const DurationPtr& child : {node.left, node.right}) {
    node.depth = std::max(node.depth, child ? child->depth + 1 : 1U);
  }
  if (node.depth > kMaxDepth) {
    return Error(base::ErrorCode::kLimitExceeded, "parse error: expression is nested more than " +
                                                      std::to_string(kMaxDepth) + " levels deep")
        .at(position_of(text_, begin));
  }
  node.span = {begin, previous_end()};
  if (node.op != DurationExpr::Op::kNumber && !options_.duration_expressions) {
    return syntax_error(text_, begin, kNotEnabled);
  }
  return std::make_shared<const DurationExpr>(std::move(node));
}

Result<DurationPtr> Parser::duration(int lowest) {
  if (++nesting_ > kMaxNesting) {
    return Error(base::ErrorCode::kLimitExceeded, "parse error: expression is nested more than " +
                                                      std::to_string(kMaxNesting) + " levels deep")
        .at(position_of(text_, peek().span.begin));
  }
  auto left = duration_unary();
  while (left && peek().kind == TokenKind::kOperator && binary_op(peek().op) &&
         precedence(peek().op) >= lowest) {
    const Token op = next();
    left = duration_binary(std::move(*left), op);
  }
  --nesting_;
  return left;
}

Result<DurationPtr> Parser::duration_binary(DurationPtr left, const Token& op) {
  const int level = precedence(op.op);
  auto right = duration(op.op == BinaryOp::kPower ? level : level + 1);
  if (!right) {
    return right;
  }
  const bool zero = (*right)->op == DurationExpr::Op::kNumber && (*right)->value == 0;
  if (zero && op.op == BinaryOp::kDivide) {
    return fail(op, "division by zero");
  }
  if (zero && op.op == BinaryOp::kModulo) {
    return fail(op, "modulo by zero");
  }
  DurationExpr node;
  node.op = *binary_op(op.op);
  node.left = std::move(left);
  node.right = std::move(*right);
  const std::uint32_t begin = node.left->span.begin;
  return make_duration(std::move(node), begin);
}

// A sign binds weaker than ^ and tighter than everything else.
Result<DurationPtr> Parser::duration_unary() {
  const Token sign = peek();
  if (!sign.is_sign()) {
    return duration_primary();
  }
  ++at_;
  auto inner = duration(kHighestPrecedence);
  return inner ? signed_duration(sign, std::move(*inner)) : inner;
}

Result<DurationPtr> Parser::signed_duration(const Token& sign, DurationPtr inner) {
  if (sign.op == BinaryOp::kAdd) {
    return inner;
  }
  DurationExpr node;
  if (inner->op == DurationExpr::Op::kNumber) {
    node = *inner;
    node.value = -node.value;
    node.wrapped = false;
  } else {
    node.op = DurationExpr::Op::kNegate;
    node.left = std::move(inner);
  }
  return make_duration(std::move(node), sign.span.begin);
}

Result<DurationPtr> Parser::duration_primary() {
  const Token token = peek();
  if (token.kind == TokenKind::kLeftParen) {
    return duration_paren();
  }
  if (peek(1).kind == TokenKind::kLeftParen) {
    const std::string word = base::to_lower(token.text);
    for (const Named& function : kFunctions) {
      if (word == function.name) {
        return duration_function(function.op, function.arguments);
      }
    }
  }
  if (token.kind != TokenKind::kNumber && token.kind != TokenKind::kDuration) {
    return unexpected(token, duration_place_, kExpected);
  }
  ++at_;
  auto number = number_of(token);
  if (!number) {
    return number.error();
  }
  // Prometheus keeps durations in 63 bits of nanoseconds.
  if (!(std::fabs(number->value) <= kMaxDurationSeconds)) {
    return fail(token, "duration out of range");
  }
  DurationExpr node;
  node.value = number->value;
  node.duration = number->duration;
  return make_duration(std::move(node), token.span.begin);
}

Result<DurationPtr> Parser::duration_function(DurationExpr::Op op, std::size_t arguments) {
  const Token name = next();
  ++at_;  // the parenthesis that the caller has seen
  DurationExpr node;
  node.op = op;
  for (std::size_t i = 0; i < arguments; ++i) {
    if (i > 0 && !accept(TokenKind::kComma)) {
      return unexpected(peek(), duration_place_, "\",\"");
    }
    auto argument = duration(kLowestPrecedence);
    if (!argument) {
      return argument;
    }
    (i == 0 ? node.left : node.right) = std::move(*argument);
  }
  if (!accept(TokenKind::kRightParen)) {
    return unexpected(peek(), duration_place_, "\")\"");
  }
  return make_duration(std::move(node), name.span.begin);
}

// Parentheses are kept for printing; around a number they only matter where a sign is in them.
Result<DurationPtr> Parser::duration_paren() {
  const Token open = next();
  auto inner = duration(kLowestPrecedence);
  if (!inner) {
    return inner;
  }
  if (!accept(TokenKind::kRightParen)) {
    return unexpected(peek(), duration_place_, "\")\"");
  }
  if (!options_.duration_expressions) {
    return fail(open, kNotEnabled);
  }
  DurationExpr node = **inner;
  node.wrapped = node.op != DurationExpr::Op::kNumber || node.value < 0;
  return make_duration(std::move(node), open.span.begin);
}

Result<std::int64_t> Parser::resolved(DurationPtr& expr) const {
  const bool number = expr->op == DurationExpr::Op::kNumber;
  auto milliseconds = duration_ms(*expr, 0, 0);
  if (!milliseconds && depends_on_times(*expr)) {
    return 0;  // bind() will tell
  }
  if (!milliseconds) {
    return syntax_error(text_, expr->span.begin, milliseconds.error().message());
  }
  if (number) {
    expr = nullptr;
  }
  return milliseconds;
}

Result<std::int64_t> Parser::positive_duration(DurationPtr& expr) {
  duration_place_ = "subquery selector";
  auto parsed = duration(kLowestPrecedence);
  if (!parsed) {
    return parsed.error();
  }
  const std::uint32_t begin = (*parsed)->span.begin;
  const bool known = !depends_on_times(**parsed);
  expr = std::move(*parsed);
  auto value = resolved(expr);
  if (value && *value <= 0 && known) {
    return syntax_error(text_, begin, "duration must be greater than 0");
  }
  return value;
}

Result<std::int64_t> Parser::offset_duration(DurationPtr& expr) {
  duration_place_ = "offset";
  const Token sign = peek();
  at_ += sign.is_sign() ? 1 : 0;
  auto parsed = duration_primary();
  if (parsed && sign.is_sign()) {
    parsed = signed_duration(sign, std::move(*parsed));
  }
  if (!parsed) {
    return parsed.error();
  }
  expr = std::move(*parsed);
  return resolved(expr);
}

Result<std::int64_t> Parser::timestamp() {
  const Token sign = peek();
  at_ += sign.is_sign() ? 1 : 0;
  const Token token = next();
  if (token.kind != TokenKind::kNumber && token.kind != TokenKind::kDuration) {
    return unexpected(token, "@", "timestamp");
  }
  auto number = number_of(token);
  if (!number) {
    return number.error();
  }
  const bool minus = sign.is_sign() && sign.op == BinaryOp::kSubtract;
  const double seconds = minus ? -number->value : number->value;
  if (!(std::fabs(seconds) <= kMaxDurationSeconds)) {
    return fail(token, "timestamp out of bounds for @ modifier: " + std::to_string(number->value));
  }
  return static_cast<std::int64_t>(std::llround(seconds * 1000));
}

}  // namespace tocsin::promql
