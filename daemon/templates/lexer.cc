#include "templates/lexer.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/text.h"
#include "templates/utf8.h"

namespace tocsin::templates {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view kBlanks = " \t\r\n";

bool is_blank(char c) { return kBlanks.find(c) != std::string_view::npos; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
/// Letters of other alphabets are taken byte by byte.
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::string_view trim_left(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text;
}

std::string_view trim_right(std::string_view text) {
  const std::size_t last = text.find_last_not_of(kBlanks);
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

class Lexer {
 public:
  explicit Lexer(const SourceInfo& source) : source_(source), text_(source.text) {}

  base::Result<std::vector<Token>> run() {
    bool trim = false;
    while (true) {
      const std::size_t open = text_.find("{{", at_);
      std::string_view between = text_.substr(at_, open - at_);
      const std::size_t begin = at_;
      if (trim) {
        between = trim_left(between);
      }
      const bool trims_before = open != std::string_view::npos && open + 3 < text_.size() &&
                                text_[open + 2] == '-' && is_blank(text_[open + 3]);
      if (trims_before) {
        between = trim_right(between);
      }
      if (!between.empty()) {
        add(Token::Kind::kText, begin).text = std::string(between);
      }
      if (open == std::string_view::npos) {
        add(Token::Kind::kEnd, text_.size());
        return std::move(tokens_);
      }
      at_ = open + (trims_before ? 3 : 2);
      if (base::Status status = lex_action(open, trim); !status) {
        return std::move(status).error();
      }
    }
  }

 private:
  Error fail(std::size_t offset, std::string message) const {
    return Error(ErrorCode::kInvalidInput, std::move(message)).at(source_.position(offset));
  }

  Token& add(Token::Kind kind, std::size_t offset) {
    Token& token = tokens_.emplace_back();
    token.kind = kind;
    token.offset = offset;
    token.spaced = spaced_;
    return token;
  }

  /// Whether `}}` or ` -}}` stands at a place; takes it then.
  bool take_right(bool& trim) {
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with("}}")) {
      at_ += 2;
      trim = false;
      return true;
    }
    if (rest.starts_with("-}}") && at_ > 0 && is_blank(text_[at_ - 1])) {
      at_ += 3;
      trim = true;
      return true;
    }
    return false;
  }

  base::Status lex_action(std::size_t open, bool& trim) {
    const std::string_view rest = trim_left(text_.substr(at_));
    if (rest.starts_with("/*") && (rest.data() == text_.data() + at_ || at_ == open + 3)) {
      return lex_comment(open, trim);
    }
    add(Token::Kind::kLeft, open);
    while (true) {
      spaced_ = false;
      while (at_ < text_.size() && is_blank(text_[at_])) {
        ++at_;
        spaced_ = true;
      }
      if (at_ >= text_.size()) {
        return fail(open, "the action is not closed with }}");
      }
      const std::size_t begin = at_;
      if (take_right(trim)) {
        add(Token::Kind::kRight, begin);
        return {};
      }
      if (base::Status status = lex_token(); !status) {
        return status;
      }
    }
  }

  base::Status lex_comment(std::size_t open, bool& trim) {
    const std::size_t end = text_.find("*/", at_);
    if (end == std::string_view::npos) {
      return fail(open, "the comment is not closed");
    }
    at_ = end + 2;
    while (at_ < text_.size() && is_blank(text_[at_])) {
      ++at_;
    }
    if (!take_right(trim)) {
      return fail(open, "a comment must fill its action: }} expected after */");
    }
    return {};
  }

  base::Status lex_token() {
    const std::size_t begin = at_;
    const char c = text_[at_];
    const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    const auto single = [&](Token::Kind kind, std::size_t length) {
      at_ += length;
      add(kind, begin);
      return base::Status();
    };
    switch (c) {
      case '(':
        return single(Token::Kind::kOpen, 1);
      case ')':
        return single(Token::Kind::kClose, 1);
      case '|':
        return single(Token::Kind::kPipe, 1);
      case ',':
        return single(Token::Kind::kComma, 1);
      case '=':
        return single(Token::Kind::kAssign, 1);
      case ':':
        if (next == '=') {
          return single(Token::Kind::kDeclare, 2);
        }
        return fail(begin, "expected :=");
      case '"':
      case '`':
      case '\'':
        return lex_quoted(c);
      default:
        break;
    }
    if (is_digit(c) || ((c == '+' || c == '-') && (is_digit(next) || next == '.')) ||
        (c == '.' && is_digit(next))) {
      return lex_number();
    }
    if (c == '.') {
      ++at_;
      const std::string word = take_word();
      add(word.empty() ? Token::Kind::kDot : Token::Kind::kField, begin).text = word;
      return {};
    }
    if (c == '$') {
      ++at_;
      const std::string word = take_word();
      add(Token::Kind::kVariable, begin).text = "$" + word;
      return {};
    }
    if (is_word(c)) {
      lex_word(begin);
      return {};
    }
    return fail(begin, "unexpected " + base::quote(text_.substr(at_, 1)) + " in an action");
  }

  std::string take_word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) {
      ++at_;
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  void lex_word(std::size_t begin) {
    const std::string word = take_word();
    if (word == "true" || word == "false") {
      add(Token::Kind::kConstant, begin).value = Value(word == "true");
    } else if (word == "nil") {
      add(Token::Kind::kNil, begin);
    } else {
      add(Token::Kind::kIdentifier, begin).text = word;
    }
  }

  base::Status lex_number() {
    const std::size_t begin = at_;
    if (text_[at_] == '+' || text_[at_] == '-') {
      ++at_;
    }
    while (at_ < text_.size() &&
           (is_word(text_[at_]) || text_[at_] == '.' ||
            ((text_[at_] == '+' || text_[at_] == '-') &&
             std::string_view("eEpP").find(text_[at_ - 1]) != std::string_view::npos &&
             !text_.substr(begin).starts_with("0x")))) {
      ++at_;
    }
    const std::string word(text_.substr(begin, at_ - begin));
    std::string digits;
    std::copy_if(word.begin(), word.end(), std::back_inserter(digits),
                 [](char c) { return c != '_'; });
    if (const std::optional<std::int64_t> whole = parse_whole(digits)) {
      add(Token::Kind::kConstant, begin).value = Value(*whole);
    } else if (const std::optional<double> number = base::parse_number(digits)) {
      add(Token::Kind::kConstant, begin).value = Value(*number);
    } else {
      return fail(begin, "not a number: " + base::quote(word));
    }
    return {};
  }

  static std::optional<std::int64_t> parse_whole(std::string_view digits) {
    const bool negative = digits.starts_with('-');
    if (negative || digits.starts_with('+')) {
      digits.remove_prefix(1);
    }
    int base = 10;
    if (digits.size() > 1 && digits[0] == '0') {
      const char mark = static_cast<char>(digits[1] | 0x20);
      base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
      digits.remove_prefix(mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1);
    }
    std::int64_t value = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() ||
        value < 0) {
      return std::nullopt;
    }
    return negative ? -value : value;
  }

  base::Status lex_quoted(char quote) {
    const std::size_t begin = at_++;
    std::string content;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\n' && quote != '`') {
        break;
      }
      if (text_[at_] == '\\' && quote != '`') {
        if (!take_escape(content)) {
          return fail(at_, "not an escape sequence");
        }
      } else {
        content += text_[at_++];
      }
    }
    if (at_ >= text_.size() || text_[at_] != quote) {
      return fail(begin, "the quote is not closed");
    }
    ++at_;
    if (quote != '\'') {
      add(Token::Kind::kConstant, begin).value = Value(std::move(content));
      return {};
    }
    std::string_view rest = content;
    const char32_t character = next_rune(rest);
    if (content.empty() || !rest.empty()) {
      return fail(begin, "a character constant holds one character");
    }
    add(Token::Kind::kConstant, begin).value = Value(static_cast<std::int64_t>(character));
    return {};
  }

  /// Go's escapes: \n, \x41, \101, 가, \U0001F514 and so on.
  bool take_escape(std::string& content) {
    const char kind = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    constexpr std::string_view kLetters = "abfnrtv\\'\"";
    constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\'\"";
    if (const std::size_t found = kLetters.find(kind);
        kind != '\0' && found != std::string_view::npos) {
      content += kMeanings[found];
      at_ += 2;
      return true;
    }
    const bool octal = kind >= '0' && kind <= '7';
    const std::size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : octal ? 3 : 0;
    const std::string_view number =
        text_.substr(std::min(at_ + (octal ? 1 : 2), text_.size()), digits);
    std::uint32_t value = 0;
    const auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), value, octal ? 8 : 16);
    if (digits == 0 || number.size() != digits || error != std::errc() ||
        end != number.data() + digits) {
      return false;
    }
    at_ += (octal ? 1 : 2) + digits;
    if (kind == 'x' || octal) {
      content += static_cast<char>(value);
      return value < 256;
    }
    append_rune(content, value);
    return value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF);
  }

  const SourceInfo& source_;
  std::string_view text_;
  std::size_t at_ = 0;
  bool spaced_ = false;
  std::vector<Token> tokens_;
};

}  // namespace

base::Position SourceInfo::position(std::size_t offset) const {
  const std::string_view before =
      std::string_view(text).substr(prelude, std::max(offset, prelude) - prelude);
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  const auto lines = std::count(before.begin(), before.end(), '\n');
  return {name, static_cast<int>(lines) + 1,
          static_cast<int>(count_runes(before.substr(line_start))) + 1};
}

base::Result<std::vector<Token>> tokenize(const SourceInfo& source) { return Lexer(source).run(); }

}  // namespace tocsin::templates
