#include <re2/re2.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "promql/functions.h"
#include "promql/info.h"
#include "promql/parser_impl.h"

namespace tocsin::promql {

using base::Result;

namespace {

// The pattern of label_replace, once for all evaluations; string arguments are always literals.
// One that does not compile is reported by the evaluation, as Prometheus does.
std::shared_ptr<const re2::RE2> compile_replacement(const Expr& argument) {
  const auto* pattern = std::get_if<StringLiteral>(&without_parens(argument).node);
  if (pattern == nullptr) {
    return nullptr;
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  options.set_max_mem(1 << 20);
  auto regex = std::make_shared<const re2::RE2>(pattern->value, options);
  return regex->ok() ? regex : nullptr;
}

}  // namespace

Result<std::vector<ExprPtr>> Parser::arguments(bool for_info) {
  std::vector<ExprPtr> list;
  ++at_;  // the parenthesis that the caller has seen
  while (!accept(TokenKind::kRightParen)) {
    if (!list.empty()) {
      if (!accept(TokenKind::kComma)) {
        return unexpected(peek());
      }
      if (peek().kind == TokenKind::kRightParen) {
        return fail(peek(), "trailing commas not allowed in function call args");
      }
    }
    const bool labels = for_info && list.size() == 1 && peek().kind == TokenKind::kLeftBrace;
    auto argument = labels ? info_selector(*list.front(), true) : expression(kLowestPrecedence);
    if (!argument) {
      return argument.error();
    }
    list.push_back(std::move(*argument));
  }
  return list;
}

Result<NewExpr> Parser::call(const Token& name) {
  Call node;
  node.function = name.kind == TokenKind::kKeyword ? find_function(base::to_lower(name.text))
                                                   : find_function(name.text);
  if (node.function == nullptr) {
    return fail(name, "unknown function with name " + base::quote(name.text));
  }
  if (node.function->experimental && !options_.experimental_functions) {
    return fail(name, "function " + base::quote(node.function->name) + " is not enabled");
  }
  const bool info = node.function->name == "info";
  auto list = arguments(info);
  if (!list) {
    return list.error();
  }
  if (info && list->size() == 1) {
    auto implied = info_selector(*list->front(), false);
    if (!implied) {
      return implied;
    }
    list->push_back(std::move(*implied));
  } else if (info && list->size() == 2 && !is_info_selector(*list->back())) {
    return syntax_error(text_, list->back()->span.begin, "expected label selectors only");
  }
  std::uint32_t depth = 0;
  for (const ExprPtr& argument : *list) {
    depth = std::max(depth, argument->depth);
  }
  node.arguments = std::move(*list);
  if (node.function->name == "label_replace" && node.arguments.size() == 5) {
    node.regex = compile_replacement(*node.arguments[4]);
  }
  return make(std::move(node), {name.span.begin, previous_end()}, depth);
}

base::Status Parser::grouping(Aggregation& node) {
  node.grouped = true;
  node.without = next().is_word("without");
  auto labels = label_list();
  if (!labels) {
    return labels.error();
  }
  node.labels = std::move(*labels);
  return {};
}

Result<NewExpr> Parser::aggregation() {
  const Token name = next();
  Aggregation node;
  node.op = aggregate_op(name.text).value_or(AggregateOp::kSum);
  const auto at_grouping = [this] { return peek().is_word("by") || peek().is_word("without"); };
  if (at_grouping()) {
    if (auto status = grouping(node); !status) {
      return status.error();
    }
  }
  if (peek().kind != TokenKind::kLeftParen) {
    return unexpected(peek(), "aggregation");
  }
  auto list = arguments();
  if (!list) {
    return list.error();
  }
  if (at_grouping()) {
    if (node.grouped) {
      return unexpected(peek(), "aggregation");
    }
    if (auto status = grouping(node); !status) {
      return status.error();
    }
  }
  const std::size_t wanted = has_parameter(node.op) ? 2 : 1;
  if (list->empty()) {
    return fail(name, "no arguments for aggregate expression provided");
  }
  const bool experimental = node.op == AggregateOp::kLimitk || node.op == AggregateOp::kLimitRatio;
  if (experimental && !options_.experimental_functions) {
    return fail(name, std::string(to_string(node.op)) +
                          "() is experimental and must be enabled with "
                          "--enable-feature=promql-experimental-functions");
  }
  if (list->size() != wanted) {
    return fail(name, "wrong number of arguments for aggregate expression provided, expected " +
                          std::to_string(wanted) + ", got " + std::to_string(list->size()));
  }
  std::uint32_t depth = list->back()->depth;
  node.inner = std::move(list->back());
  if (wanted == 2) {
    depth = std::max(depth, list->front()->depth);
    node.parameter = std::move(list->front());
  }
  return make(std::move(node), {name.span.begin, previous_end()}, depth);
}

}  // namespace tocsin::promql
