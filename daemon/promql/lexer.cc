#include "promql/lexer.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.h"

namespace tocsin::promql {
namespace {

using base::Result;

constexpr std::array<std::string_view, 17> kKeywords = {
    "by",   "without",   "on",         "ignoring", "group_left", "group_right",
    "bool", "offset",    "start",      "end",      "step",       "range",
    "fill", "fill_left", "fill_right", "anchored", "smoothed"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::optional<BinaryOp> operator_word(std::string_view lower) {
  for (const BinaryOp op : {BinaryOp::kAnd, BinaryOp::kOr, BinaryOp::kUnless, BinaryOp::kAtan2}) {
    if (to_string(op) == lower) {
      return op;
    }
  }
  return std::nullopt;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> run() {
    while (skip_blanks()) {
      if (auto status = next(); !status) {
        return status.error();
      }
    }
    if (in_braces_) {
      return fail(at_, "unexpected end of input inside braces");
    }
    if (!brackets_.empty()) {
      return fail(at_,
                  brackets_.back() == '(' ? "unclosed left parenthesis" : "unclosed left bracket");
    }
    add(TokenKind::kEnd, at_);
    return std::move(tokens_);
  }

 private:
  base::Error fail(std::size_t offset, std::string_view message) const {
    return syntax_error(text_, static_cast<std::uint32_t>(offset), message);
  }

  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  void add(TokenKind kind, std::size_t begin, BinaryOp op = BinaryOp::kAdd) {
    Token token;
    token.kind = kind;
    token.op = op;
    token.span = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_)};
    token.text = text_.substr(begin, at_ - begin);
    tokens_.push_back(token);
  }

  // Moves to the next token; false at the end.
  bool skip_blanks() {
    while (at_ < text_.size()) {
      if (is_space(text_[at_])) {
        ++at_;
      } else if (text_[at_] == '#') {
        while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r') {
          ++at_;
        }
      } else {
        return true;
      }
    }
    return false;
  }

  base::Status next() {
    const std::size_t begin = at_;
    const char c = text_[at_];
    if (c == '"' || c == '\'' || c == '`') {
      return string(c);
    }
    if (in_braces_) {
      return inside_braces(begin, c);
    }
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
      return number();
    }
    if (is_alpha(c) || (c == ':' && (brackets_.empty() || brackets_.back() != '['))) {
      word();
      return {};
    }
    return symbol(begin, c);
  }

  base::Status inside_braces(std::size_t begin, char c) {
    ++at_;
    if (is_alpha(c)) {
      while (is_alpha(peek()) || is_digit(peek())) {
        ++at_;
      }
      add(TokenKind::kIdentifier, begin);
    } else if (c == ',') {
      add(TokenKind::kComma, begin);
    } else if (c == '}') {
      in_braces_ = false;
      add(TokenKind::kRightBrace, begin);
    } else if (c == '=' && peek() == '~') {
      ++at_;
      add(TokenKind::kMatchRegex, begin);
    } else if (c == '=') {
      add(TokenKind::kAssign, begin);
    } else if (c == '!' && (peek() == '=' || peek() == '~')) {
      const bool regex = peek() == '~';
      ++at_;
      add(regex ? TokenKind::kMatchNotRegex : TokenKind::kOperator, begin, BinaryOp::kNotEqual);
    } else if (c == '{') {
      return fail(begin, "unexpected left brace '{'");
    } else {
      return fail(begin, "unexpected character inside braces: " + quoted_character(begin));
    }
    return {};
  }

  base::Status symbol(std::size_t begin, char c) {
    ++at_;
    switch (c) {
      case '(':
      case '[':
        if (c == '[' && !brackets_.empty() && brackets_.back() == '[') {
          return fail(begin, "unexpected left bracket '['");
        }
        brackets_.push_back(c);
        add(c == '(' ? TokenKind::kLeftParen : TokenKind::kLeftBracket, begin);
        return {};
      case ')':
      case ']':
        if (brackets_.empty() || brackets_.back() != (c == ')' ? '(' : '[')) {
          return fail(begin, c == ')' ? "unexpected right parenthesis ')'"
                                      : "unexpected right bracket ']'");
        }
        brackets_.pop_back();
        add(c == ')' ? TokenKind::kRightParen : TokenKind::kRightBracket, begin);
        return {};
      case '{':
        in_braces_ = true;
        add(TokenKind::kLeftBrace, begin);
        return {};
      case '}':
        return fail(begin, "unexpected right brace '}'");
      case ',':
        add(TokenKind::kComma, begin);
        return {};
      case ':':
        add(TokenKind::kColon, begin);
        return {};
      case '@':
        add(TokenKind::kAt, begin);
        return {};
      default:
        return operator_symbol(begin, c);
    }
  }

  base::Status operator_symbol(std::size_t begin, char c) {
    const char second = peek();
    if (c == '=' && second == '~') {
      ++at_;
      add(TokenKind::kMatchRegex, begin);
      return {};
    }
    if (c == '=' && second != '=') {
      add(TokenKind::kAssign, begin);
      return {};
    }
    if (c == '!' && second != '=') {
      return fail(begin, "unexpected character after '!': " + quoted_character(at_));
    }
    static constexpr std::array<std::pair<std::string_view, BinaryOp>, 14> kSymbols = {{
        {"==", BinaryOp::kEqual},
        {"!=", BinaryOp::kNotEqual},
        {"<=", BinaryOp::kLessEqual},
        {">=", BinaryOp::kGreaterEqual},
        {"</", BinaryOp::kTrimUpper},
        {">/", BinaryOp::kTrimLower},
        {"<", BinaryOp::kLess},
        {">", BinaryOp::kGreater},
        {"+", BinaryOp::kAdd},
        {"-", BinaryOp::kSubtract},
        {"*", BinaryOp::kMultiply},
        {"/", BinaryOp::kDivide},
        {"%", BinaryOp::kModulo},
        {"^", BinaryOp::kPower},
    }};
    for (const auto& [written, op] : kSymbols) {
      if (text_.substr(begin).starts_with(written)) {
        at_ = begin + written.size();
        add(TokenKind::kOperator, begin, op);
        return {};
      }
    }
    return fail(begin, "unexpected character: " + quoted_character(begin));
  }

  std::string quoted_character(std::size_t begin) const {
    const std::string_view rest = text_.substr(std::min(begin, text_.size()));
    std::string_view one = base::truncate_utf8(rest, rest.empty() ? 0 : 1);
    for (std::size_t length = 2; one.empty() && length <= std::min<std::size_t>(4, rest.size());
         ++length) {
      one = base::truncate_utf8(rest, length);
    }
    return "'" + std::string(one) + "'";
  }

  void word() {
    const std::size_t begin = at_;
    bool colon = false;
    const bool colons_belong = brackets_.empty() || brackets_.back() != '[';
    while (is_alpha(peek()) || is_digit(peek()) || (colons_belong && peek() == ':')) {
      colon = colon || peek() == ':';
      ++at_;
    }
    const std::string lower = base::to_lower(text_.substr(begin, at_ - begin));
    if (colon) {
      add(TokenKind::kMetricIdentifier, begin);
    } else if (const auto op = operator_word(lower)) {
      add(TokenKind::kOperator, begin, *op);
    } else if (aggregate_op(lower)) {
      add(TokenKind::kAggregator, begin);
    } else if (lower == "inf" || lower == "nan") {
      add(TokenKind::kNumber, begin);
    } else if (std::ranges::find(kKeywords, lower) != kKeywords.end()) {
      add(TokenKind::kKeyword, begin);
    } else {
      add(TokenKind::kIdentifier, begin);
    }
  }

  // One or more of digits followed by a unit: where it ends, or nothing.
  std::optional<std::size_t> duration_end() const {
    std::size_t at = at_;
    while (at < text_.size() && is_digit(text_[at])) {
      while (at < text_.size() && is_digit(text_[at])) {
        ++at;
      }
      const std::string_view rest = text_.substr(at);
      if (rest.starts_with("ms")) {
        at += 2;
      } else if (!rest.empty() && std::string_view("smhdwy").contains(rest.front())) {
        ++at;
      } else {
        return std::nullopt;
      }
    }
    if (at == at_ || (at < text_.size() && (is_alpha(text_[at]) || text_[at] == '.'))) {
      return std::nullopt;
    }
    return at;
  }

  base::Status number() {
    const std::size_t begin = at_;
    if (const auto end = duration_end()) {
      at_ = *end;
      add(TokenKind::kDuration, begin);
      return {};
    }
    const bool hex = peek() == '0' && (peek(1) == 'x' || peek(1) == 'X');
    if (hex) {
      at_ += 2;
    }
    while (true) {
      const char c = peek();
      const char before = at_ > begin ? text_[at_ - 1] : '\0';
      const bool hex_digit = hex && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'));
      const bool exponent =
          !hex && (c == 'e' || c == 'E') &&
          (is_digit(peek(1)) || ((peek(1) == '+' || peek(1) == '-') && is_digit(peek(2))));
      const bool sign = !hex && (c == '+' || c == '-') && (before == 'e' || before == 'E');
      if (!(is_digit(c) || c == '.' || c == '_' || hex_digit || exponent || sign)) {
        break;
      }
      ++at_;
    }
    if (is_alpha(peek()) || !base::parse_number(text_.substr(begin, at_ - begin))) {
      while (is_alpha(peek()) || is_digit(peek())) {
        ++at_;
      }
      return fail(
          begin, "bad number or duration syntax: " + base::quote(text_.substr(begin, at_ - begin)));
    }
    add(TokenKind::kNumber, begin);
    return {};
  }

  base::Status string(char delimiter) {
    const std::size_t begin = at_++;
    while (at_ < text_.size() && text_[at_] != delimiter) {
      if (delimiter != '`' && text_[at_] == '\n') {
        return fail(begin, "unterminated quoted string");
      }
      at_ += delimiter != '`' && text_[at_] == '\\' ? 2 : 1;
    }
    if (at_ >= text_.size()) {
      at_ = text_.size();
      return fail(begin,
                  delimiter == '`' ? "unterminated raw string" : "unterminated quoted string");
    }
    ++at_;
    add(TokenKind::kString, begin);
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool in_braces_ = false;
  std::string brackets_;  // the open ( and [, innermost last
  std::vector<Token> tokens_;
};

}  // namespace

bool Token::is_word(std::string_view word) const {
  return kind == TokenKind::kKeyword && base::to_lower(text) == word;
}

std::string Token::describe() const {
  switch (kind) {
    case TokenKind::kEnd:
      return "end of input";
    case TokenKind::kIdentifier:
      return "identifier " + base::quote(text);
    case TokenKind::kMetricIdentifier:
      return "metric identifier " + base::quote(text);
    case TokenKind::kKeyword:
      return "<" + base::to_lower(text) + ">";
    case TokenKind::kAggregator:
      return "<aggr:" + base::to_lower(text) + ">";
    case TokenKind::kOperator:
      return "<op:" + base::to_lower(text) + ">";
    case TokenKind::kNumber:
      return "number " + base::quote(text);
    case TokenKind::kDuration:
      return "duration " + base::quote(text);
    case TokenKind::kString:
      return "string " + base::quote(text);
    default:
      return base::quote(text);
  }
}

base::Position position_of(std::string_view text, std::uint32_t offset) {
  base::Position position;
  position.line = 1;
  position.column = 1;
  for (const char c : text.substr(0, offset)) {
    if (c == '\n') {
      ++position.line;
      position.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      ++position.column;
    }
  }
  return position;
}

base::Error syntax_error(std::string_view text, std::uint32_t offset, std::string_view message) {
  return base::Error(base::ErrorCode::kInvalidInput, "parse error: " + std::string(message))
      .at(position_of(text, offset));
}

Result<std::vector<Token>> tokenize(std::string_view text) { return Lexer(text).run(); }

}  // namespace tocsin::promql
