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
/// functions and aggregations, parser_selectors.cc what stands in braces, parser_ranges.cc what
/// follows a selector, parser_durations.cc durations. Private to the parser.
class Parser {
 public:
  Parser(std::string_view text, std::vector<Token> tokens, const ParseOptions& options)
      : text_(text), tokens_(std::move(tokens)), options_(options) {}

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
  base::Status matching_labels(Binary& node);
  base::Status fill_modifiers(VectorMatching& matching);
  base::Result<NewExpr> primary();
  base::Result<NewExpr> number();
  base::Result<NumberLiteral> number_of(const Token& token) const;
  base::Result<NewExpr> string();
  base::Result<NewExpr> paren();
  base::Result<NewExpr> call(const Token& name);
  base::Result<NewExpr> aggregation();
  base::Status grouping(Aggregation& node);
  base::Result<std::vector<ExprPtr>> arguments(bool for_info = false);

  // Selectors and what follows them.
  base::Result<NewExpr> selector(const Token* name);
  base::Result<NewExpr> info_selector(const Expr& base, bool written);
  base::Status matchers(Selector& selector);
  base::Status one_matcher(Selector& selector);
  base::Status set_metric_name(Selector& selector, const Token& token, std::string name);
  base::Result<std::vector<std::string>> label_list();
  base::Result<NewExpr> postfix(NewExpr expr);
  base::Result<NewExpr> range_or_subquery(NewExpr expr);
  base::Status offset(Expr& expr);
  base::Status at_modifier(Expr& expr);
  base::Status extension_modifier(Expr& expr);

  // Durations. A range or step stands between brackets and may be any expression; an offset is one
  // signed part of such an expression.
  base::Result<DurationPtr> duration(int lowest);
  base::Result<DurationPtr> duration_unary();
  base::Result<DurationPtr> signed_duration(const Token& sign, DurationPtr inner);
  base::Result<DurationPtr> duration_primary();
  base::Result<DurationPtr> duration_function(DurationExpr::Op op, std::size_t arguments);
  base::Result<DurationPtr> duration_paren();
  base::Result<DurationPtr> duration_binary(DurationPtr left, const Token& op);
  base::Result<DurationPtr> make_duration(DurationExpr node, std::uint32_t begin);
  /// In milliseconds; `expr` gets the expression unless it is a plain number.
  base::Result<std::int64_t> positive_duration(DurationPtr& expr);
  base::Result<std::int64_t> offset_duration(DurationPtr& expr);
  base::Result<std::int64_t> timestamp();
  base::Result<std::int64_t> resolved(DurationPtr& expr) const;

  std::string_view text_;
  std::vector<Token> tokens_;
  ParseOptions options_;
  std::size_t at_ = 0;
  std::uint32_t nesting_ = 0;
  std::size_t selectors_ = 0;
  std::string_view duration_place_;  // what the present duration belongs to, for errors
};

}  // namespace tocsin::promql
