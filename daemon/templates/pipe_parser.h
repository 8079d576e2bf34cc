#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "templates/lexer.h"
#include "templates/syntax.h"

namespace tocsin::templates {

/// Nested blocks and parentheses; keeps recursion over trees bounded.
inline constexpr int kMaxNesting = 60;

/// Reads pipelines from tokens and knows which variables are visible; the parser of statements
/// builds on it.
class PipeParser {
 protected:
  PipeParser(std::shared_ptr<const SourceInfo> source, std::vector<Token> tokens,
             const std::function<bool(std::string_view)>& is_function)
      : source_(std::move(source)), tokens_(std::move(tokens)), is_function_(is_function) {}

  base::Error fail(std::size_t offset, std::string message) const;
  const Token& peek() const { return tokens_[at_]; }
  const Token& next() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  bool take(Token::Kind kind);
  bool take_keyword(std::string_view word);
  base::Status expect_right(std::string_view where);
  base::Status parse_declarations(Pipe& pipe, bool is_range);
  bool is_visible(std::string_view name) const;
  base::Status parse_pipe(std::unique_ptr<Pipe>& result, std::string_view where, bool is_range);
  base::Status parse_command(Command& command);
  base::Status parse_operand(Operand& operand);

  /// Counts how deep the parser is.
  struct Nesting {
    explicit Nesting(PipeParser& owner) : parser(owner) { ++parser.nesting_; }
    ~Nesting() { --parser.nesting_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;
    PipeParser& parser;
  };

  std::shared_ptr<const SourceInfo> source_;
  std::vector<Token> tokens_;
  const std::function<bool(std::string_view)>& is_function_;
  std::size_t at_ = 0;
  int nesting_ = 0;
  std::vector<std::string> variables_{"$"};
};

}  // namespace tocsin::templates
