#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "promql/ast.h"
#include "promql/lexer.h"

namespace tocsin::promql {

using NewExpr = std::unique_ptr<Expr>;

/// Recursive descent over the tokens of one query; parser.cc has expressions, parser_calls.cc
/// functions and aggregations, parser_selectors.cc what stands in braces, brackets and behind a
/// selector. Private to the parser.
class Parser {
 public:
  Parser(std::string_view text, std::vector<Token> tokens)
      : text_(text), tokens_(std::move(tokens)) {}

  base::Result<NewExpr> whole();

 private:
  // Tokens. The last one is kEnd and is never passed.
  const Token& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  const Token& next() { return tokens_[std::min(at_++, tokens_.size() - 1)]; }
  bool accept(TokenKind kind);
  bool accept_word(std::string_view word);
  std::uint32_t previous_end() const { return tokens_[at_ - 1].span.end; }

  base::Error fail(const Token& token, std::string_view message) const;
  base::Error unexpected(const Token& token, std::string_view where = {},
                         std::string_view expected = {}) const;
  base::Result<NewExpr> make(Expr::Node node, Span span, std::uint32_t depth_below);

  // Expressions.
  base::Result<NewExpr> expression(int lowest);
  base::Result<NewExpr> unary();
  base::Result<NewExpr> binary(NewExpr left);
  base::Status binary_modifiers(Binary& node);
  base::Result<NewExpr> primary();
  base::Result<NewExpr> number();
  base::Result<NewExpr> string();
  base::Result<NewExpr> paren();
  base::Result<NewExpr> call(const Token& name);
  base::Result<NewExpr> aggregation();
  base::Status grouping(Aggregation& node);
  base::Result<std::vector<ExprPtr>> arguments();

  // Selectors and what follows them.
  base::Result<NewExpr> selector(const Token* name);
  base::Status matchers(Selector& selector);
  base::Status one_matcher(Selector& selector);
  base::Status set_metric_name(Selector& selector, const Token& token, std::string name);
  base::Result<std::vector<std::string>> label_list();
  base::Result<NewExpr> postfix(NewExpr expr);
  base::Result<NewExpr> range_or_subquery(NewExpr expr);
  base::Status offset(Expr& expr);
  base::Status at_modifier(Expr& expr);
  /// A duration or a number of seconds, in milliseconds.
  base::Result<std::int64_t> duration(bool signed_allowed);
  base::Result<std::int64_t> positive_duration();

  std::string_view text_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::uint32_t nesting_ = 0;
  std::size_t selectors_ = 0;
};

}  // namespace tocsin::promql
