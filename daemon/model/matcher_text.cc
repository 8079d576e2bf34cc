#include "model/matcher_text.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace tocsin::model {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

// A cursor over the text; every read skips blanks first.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool at_end() {
    skip_blanks();
    return at_ >= text_.size();
  }

  bool accept(std::string_view token) {
    skip_blanks();
    if (!text_.substr(at_).starts_with(token)) {
      return false;
    }
    at_ += token.size();
    return true;
  }

  // Everything up to one of the stop characters.
  std::string_view until(std::string_view stops) {
    skip_blanks();
    const std::size_t end = std::min(text_.find_first_of(stops, at_), text_.size());
    const auto part = text_.substr(at_, end - at_);
    at_ = end;
    return part;
  }

  base::Result<std::string> quoted() {
    std::string value;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        return value;
      }
      if (text_[at_] != '\\') {
        value += text_[at_];
        continue;
      }
      ++at_;
      const char escaped = at_ < text_.size() ? text_[at_] : '\0';
      if (escaped == 'n') {
        value += '\n';
      } else if (escaped == '"' || escaped == '\\') {
        value += escaped;
      } else {
        // As in Alertmanager, so that "\d" in a regular expression needs no second backslash.
        value += '\\';
        value += escaped;
      }
    }
    return fault("expected a closing quote");
  }

  base::Error fault(std::string_view expected) const {
    return {base::ErrorCode::kInvalidInput, "bad matcher " + base::quote(text_) + ": " +
                                                std::string(expected) + " at character " +
                                                std::to_string(at_ + 1)};
  }

 private:
  void skip_blanks() { at_ = std::min(text_.find_first_not_of(kBlanks, at_), text_.size()); }

  std::string_view text_;
  std::size_t at_ = 0;
};

base::Result<Matcher> read_matcher(Reader& reader) {
  std::string name;
  if (reader.accept("\"")) {
    auto quoted = reader.quoted();
    if (!quoted) {
      return quoted.error();
    }
    name = *std::move(quoted);
  } else {
    name = reader.until("=!~,{}\" \t\r\n");
    if (!is_legacy_label_name(name)) {
      return reader.fault("expected a label name");
    }
  }
  MatchKind kind = MatchKind::kEqual;
  if (reader.accept("=~")) {
    kind = MatchKind::kRegex;
  } else if (reader.accept("!~")) {
    kind = MatchKind::kNotRegex;
  } else if (reader.accept("!=")) {
    kind = MatchKind::kNotEqual;
  } else if (!reader.accept("=")) {
    return reader.fault("expected one of = != =~ !~");
  }
  if (reader.accept("\"")) {
    auto value = reader.quoted();
    if (!value) {
      return value.error();
    }
    return Matcher::make(kind, std::move(name), *std::move(value));
  }
  return Matcher::make(kind, std::move(name), std::string(reader.until(",{}\" \t\r\n")));
}

}  // namespace

base::Result<Matchers> parse_matchers(std::string_view text) {
  Reader reader(text);
  const bool braced = reader.accept("{");
  Matchers matchers;
  bool closed = false;
  bool separated = true;
  while (!closed && !reader.at_end()) {
    if (braced && reader.accept("}")) {
      closed = true;
      break;
    }
    if (!separated) {
      return reader.fault("expected a comma");
    }
    auto matcher = read_matcher(reader);
    if (!matcher) {
      return matcher.error();
    }
    matchers.push_back(*std::move(matcher));
    separated = reader.accept(",");
  }
  if (closed != braced) {
    return reader.fault("expected a closing brace");
  }
  if (!reader.at_end()) {
    return reader.fault("expected the end");
  }
  if (matchers.empty()) {
    return reader.fault("expected a matcher");
  }
  return matchers;
}

}  // namespace tocsin::model
