#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "promql/ast.h"

namespace tocsin::promql {

enum class TokenKind : std::uint8_t {
  kEnd,
  kIdentifier,
  kMetricIdentifier,  ///< with a colon in it
  kKeyword,           ///< by, offset, bool …; in any case
  kAggregator,        ///< sum, topk …; in any case
  kNumber,
  kDuration,
  kString,
  kLeftParen,
  kRightParen,
  kLeftBrace,
  kRightBrace,
  kLeftBracket,
  kRightBracket,
  kComma,
  kColon,
  kAt,
  kAssign,      ///< = between label and value
  kMatchRegex,  ///< =~
  kMatchNotRegex,
  kOperator,  ///< a binary operator; see Token::op
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  BinaryOp op = BinaryOp::kAdd;  ///< with kOperator
  Span span;
  std::string_view text;  ///< as written, into the query's text

  /// Whether it is this keyword; `word` is in lower case.
  bool is_word(std::string_view word) const;
  /// Whether it is + or -.
  bool is_sign() const {
    return kind == TokenKind::kOperator && (op == BinaryOp::kAdd || op == BinaryOp::kSubtract);
  }
  /// As error messages name it: `identifier "foo"`, `<by>`, `<op:*>`, "end of input".
  std::string describe() const;
};

/// An error at a byte of the query's text, worded as Prometheus does.
base::Error syntax_error(std::string_view text, std::uint32_t offset, std::string_view message);

/// Line and column, from 1, of a byte; columns count characters.
base::Position position_of(std::string_view text, std::uint32_t offset);

/// Splits a query into tokens; the last one is kEnd. Comments and blanks are dropped.
base::Result<std::vector<Token>> tokenize(std::string_view text);

}  // namespace tocsin::promql
