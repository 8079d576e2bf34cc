#include "promql/parser.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/duration.h"
#include "base/text.h"
#include "promql/functions.h"
#include "promql/parser_impl.h"
#include "promql/strings.h"

namespace tocsin::promql {

using base::Error;
using base::Result;

namespace {

ValueType type_of(const Expr::Node& node) {
  if (std::holds_alternative<NumberLiteral>(node)) {
    return ValueType::kScalar;
  }
  if (std::holds_alternative<StringLiteral>(node)) {
    return ValueType::kString;
  }
  if (std::holds_alternative<Subquery>(node)) {
    return ValueType::kMatrix;
  }
  if (const auto* selector = std::get_if<Selector>(&node)) {
    return selector->range_ms ? ValueType::kMatrix : ValueType::kVector;
  }
  if (const auto* call = std::get_if<Call>(&node)) {
    return call->function->result;
  }
  if (const auto* binary = std::get_if<Binary>(&node)) {
    const bool scalar =
        binary->left->type == ValueType::kScalar && binary->right->type == ValueType::kScalar;
    return scalar ? ValueType::kScalar : ValueType::kVector;
  }
  if (const auto* unary = std::get_if<Unary>(&node)) {
    return unary->inner->type;
  }
  if (const auto* paren = std::get_if<Paren>(&node)) {
    return paren->inner->type;
  }
  return ValueType::kVector;
}

}  // namespace

Error Parser::fail(const Token& token, std::string_view message) const {
  return syntax_error(text_, token.span.begin, message);
}

Error Parser::unexpected(const Token& token, std::string_view where,
                         std::string_view expected) const {
  std::string message = "unexpected " + token.describe();
  if (!where.empty()) {
    message += " in " + std::string(where);
  }
  if (!expected.empty()) {
    message += ", expected " + std::string(expected);
  }
  return fail(token, message);
}

bool Parser::accept(TokenKind kind) {
  if (peek().kind != kind) {
    return false;
  }
  ++at_;
  return true;
}

bool Parser::accept_word(std::string_view word) {
  if (!peek().is_word(word)) {
    return false;
  }
  ++at_;
  return true;
}

Result<NewExpr> Parser::make(Expr::Node node, Span span, std::uint32_t depth_below) {
  if (depth_below >= kMaxDepth) {
    return Error(base::ErrorCode::kLimitExceeded, "parse error: expression is nested more than " +
                                                      std::to_string(kMaxDepth) + " levels deep")
        .at(position_of(text_, span.begin));
  }
  auto expr = std::make_unique<Expr>();
  expr->node = std::move(node);
  expr->span = span;
  expr->type = type_of(expr->node);
  expr->depth = depth_below + 1;
  return expr;
}

Result<NewExpr> Parser::whole() {
  if (peek().kind == TokenKind::kEnd) {
    return fail(peek(), "no expression found in input");
  }
  auto expr = expression(kLowestPrecedence);
  if (!expr) {
    return expr;
  }
  if (peek().kind != TokenKind::kEnd) {
    return unexpected(peek());
  }
  return expr;
}

Result<NewExpr> Parser::expression(int lowest) {
  if (++nesting_ > kMaxNesting) {
    return Error(base::ErrorCode::kLimitExceeded, "parse error: expression is nested more than " +
                                                      std::to_string(kMaxNesting) + " levels deep")
        .at(position_of(text_, peek().span.begin));
  }
  auto left = unary();
  while (left && peek().kind == TokenKind::kOperator && precedence(peek().op) >= lowest) {
    left = binary(std::move(*left));
  }
  --nesting_;
  return left;
}

Result<NewExpr> Parser::unary() {
  const Token first = peek();
  if (!first.is_sign()) {
    auto expr = primary();
    return expr ? postfix(std::move(*expr)) : std::move(expr);
  }
  ++at_;
  // A sign binds weaker than ^ and tighter than everything else: -1^2 is -(1^2).
  auto inner = expression(kHighestPrecedence);
  if (!inner) {
    return inner;
  }
  const bool minus = first.op == BinaryOp::kSubtract;
  const Span span{first.span.begin, (*inner)->span.end};
  if (auto* number = std::get_if<NumberLiteral>(&(*inner)->node)) {
    number->value = minus ? -number->value : number->value;
    (*inner)->span = span;
    return inner;
  }
  const std::uint32_t depth = (*inner)->depth;
  return make(Unary{minus, std::move(*inner)}, span, depth);
}

Result<NewExpr> Parser::binary(NewExpr left) {
  const Token token = next();
  Binary node;
  node.op = token.op;
  if (is_set_operator(node.op)) {
    node.matching.cardinality = Cardinality::kManyToMany;
  }
  if (auto status = binary_modifiers(node); !status) {
    return status.error();
  }
  const int level = precedence(node.op);
  auto right = expression(node.op == BinaryOp::kPower ? level : level + 1);
  if (!right) {
    return right;
  }
  const Span span{left->span.begin, (*right)->span.end};
  const std::uint32_t depth = std::max(left->depth, (*right)->depth);
  node.left = std::move(left);
  node.right = std::move(*right);
  if (node.matching.fills() && !options_.fill_modifiers) {
    return syntax_error(text_, span.begin, "binop fill modifiers are experimental and not enabled");
  }
  return make(std::move(node), span, depth);
}

base::Status Parser::binary_modifiers(Binary& node) {
  node.return_bool = accept_word("bool");
  if (peek().is_word("on") || peek().is_word("ignoring")) {
    if (auto status = matching_labels(node); !status) {
      return status;
    }
  }
  return fill_modifiers(node.matching);
}

base::Status Parser::matching_labels(Binary& node) {
  node.matching.on = next().is_word("on");
  node.matching.written = true;
  auto labels = label_list();
  if (!labels) {
    return labels.error();
  }
  node.matching.labels = std::move(*labels);
  const bool left = peek().is_word("group_left");
  if (!left && !peek().is_word("group_right")) {
    return {};
  }
  const Token group = next();
  if (is_set_operator(node.op)) {
    return fail(group, "no grouping allowed for " + base::quote(to_string(node.op)) + " operation");
  }
  node.matching.cardinality = left ? Cardinality::kManyToOne : Cardinality::kOneToMany;
  if (peek().kind == TokenKind::kLeftParen) {
    auto include = label_list();
    if (!include) {
      return include.error();
    }
    node.matching.include = std::move(*include);
  }
  return {};
}

// fill(0), or fill_left(0) and fill_right(0) in any order. Without the parenthesis these words name
// a metric.
base::Status Parser::fill_modifiers(VectorMatching& matching) {
  while (peek(1).kind == TokenKind::kLeftParen && !(matching.fill_left && matching.fill_right)) {
    const Token word = peek();
    const bool both = word.is_word("fill");
    const bool left = both || word.is_word("fill_left");
    const bool right = both || word.is_word("fill_right");
    if (!left && !right) {
      return {};
    }
    if ((left && matching.fill_left) || (right && matching.fill_right)) {
      return unexpected(word, "binary expression");
    }
    at_ += 2;
    bool minus = false;
    if (peek().is_sign()) {
      minus = next().op == BinaryOp::kSubtract;
    }
    auto value = number_of(next());
    if (!value) {
      return value.error();
    }
    if (!accept(TokenKind::kRightParen)) {
      return unexpected(peek(), "fill modifier", "\")\"");
    }
    const double filled = minus ? -value->value : value->value;
    if (left) {
      matching.fill_left = filled;
    }
    if (right) {
      matching.fill_right = filled;
    }
  }
  return {};
}

Result<NewExpr> Parser::primary() {
  const Token& token = peek();
  switch (token.kind) {
    case TokenKind::kNumber:
    case TokenKind::kDuration:
      return number();
    case TokenKind::kString:
      return string();
    case TokenKind::kLeftParen:
      return paren();
    case TokenKind::kLeftBrace:
      return selector(nullptr);
    case TokenKind::kMetricIdentifier:
      ++at_;
      return selector(&token);
    case TokenKind::kIdentifier:
      ++at_;
      return peek().kind == TokenKind::kLeftParen ? call(token) : selector(&token);
    case TokenKind::kAggregator: {
      const Token& after = peek(1);
      if (after.kind == TokenKind::kLeftParen || after.is_word("by") || after.is_word("without")) {
        return aggregation();
      }
      ++at_;
      return selector(&token);
    }
    default:
      break;
  }
  // Some words of the language may name a metric too, and some a function.
  static constexpr std::array<std::string_view, 12> kMetricWords = {
      "by",    "without",  "offset",   "start", "end",       "step",
      "range", "anchored", "smoothed", "fill",  "fill_left", "fill_right"};
  const bool word_metric =
      std::ranges::any_of(kMetricWords, [&](std::string_view word) { return token.is_word(word); });
  const bool operator_metric = token.kind == TokenKind::kOperator && is_set_operator(token.op);
  const TokenKind after = peek(1).kind;
  if (word_metric && after == TokenKind::kLeftParen && find_function(base::to_lower(token.text))) {
    ++at_;
    return call(token);
  }
  if ((word_metric && after != TokenKind::kLeftParen) ||
      (operator_metric && (after == TokenKind::kEnd || after == TokenKind::kLeftBrace))) {
    ++at_;
    return selector(&token);
  }
  return unexpected(token);
}

Result<NumberLiteral> Parser::number_of(const Token& token) const {
  NumberLiteral literal;
  if (token.kind == TokenKind::kDuration) {
    const auto duration = base::parse_duration(token.text);
    if (!duration) {
      return fail(token, duration.error().message());
    }
    literal.value = static_cast<double>(duration->count()) / 1000.0;
    literal.duration = true;
  } else if (token.kind == TokenKind::kNumber) {
    literal.value = number_value(token.text);
  } else {
    return unexpected(token, {}, "number or duration");
  }
  return literal;
}

Result<NewExpr> Parser::number() {
  const Token token = next();
  auto literal = number_of(token);
  if (!literal) {
    return literal.error();
  }
  return make(*literal, token.span, 0);
}

Result<NewExpr> Parser::string() {
  const Token token = next();
  auto text = unquote(token.text);
  if (!text) {
    return fail(token, text.error().message());
  }
  return make(StringLiteral{std::move(*text)}, token.span, 0);
}

Result<NewExpr> Parser::paren() {
  const Token open = next();
  auto inner = expression(kLowestPrecedence);
  if (!inner) {
    return inner;
  }
  if (!accept(TokenKind::kRightParen)) {
    return unexpected(peek());
  }
  const std::uint32_t depth = (*inner)->depth;
  return make(Paren{std::move(*inner)}, {open.span.begin, previous_end()}, depth);
}

Result<std::unique_ptr<const Expr>> parse_expression(std::string_view text,
                                                     const ParseOptions& options) {
  if (text.size() > kMaxQueryBytes) {
    return Error(base::ErrorCode::kLimitExceeded,
                 "query is longer than " + std::to_string(kMaxQueryBytes) + " bytes");
  }
  if (!base::is_valid_utf8(text)) {
    return Error(base::ErrorCode::kInvalidInput, "parse error: invalid UTF-8 rune");
  }
  auto tokens = tokenize(text);
  if (!tokens) {
    return tokens.error();
  }
  auto expr = Parser(text, std::move(*tokens), options).whole();
  if (!expr) {
    return expr.error();
  }
  return std::unique_ptr<const Expr>(std::move(*expr));
}

}  // namespace tocsin::promql
