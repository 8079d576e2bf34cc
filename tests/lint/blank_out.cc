#include <string>
#include <string_view>

#include "lint/house_rules.h"

namespace tocsin::lint {
namespace {

// Copies one C++ source, blanking what is no code.
class Blanker {
 public:
  explicit Blanker(std::string_view source) : source_(source) {}

  std::string run() {
    while (at_ < source_.size()) {
      const std::string_view rest = source_.substr(at_);
      if (rest.starts_with("//")) {
        blank_until("\n", false);
      } else if (rest.starts_with("/*")) {
        blank_until("*/", true);
      } else if (rest.starts_with("R\"") && !in_word()) {
        blank_raw_string();
      } else if (rest.front() == '"' || (rest.front() == '\'' && !in_word())) {
        blank_literal(rest.front());
      } else {
        keep(1);
      }
    }
    return std::move(code_);
  }

 private:
  // A quote inside a number (1'000) or after a prefix letter is no character literal.
  bool in_word() const {
    const char last = code_.empty() ? ' ' : code_.back();
    return (last >= '0' && last <= '9') || (last >= 'a' && last <= 'z') ||
           (last >= 'A' && last <= 'Z') || last == '_';
  }

  void keep(std::size_t count) {
    code_ += source_.substr(at_, count);
    at_ += count;
  }

  void blank(std::size_t count) {
    for (; count > 0 && at_ < source_.size(); --count) {
      code_ += source_[at_++] == '\n' ? '\n' : ' ';
    }
  }

  void blank_until(std::string_view end, bool inclusive) {
    const auto found = source_.find(end, at_);
    const std::size_t stop = found == std::string_view::npos ? source_.size() : found;
    blank(stop - at_ + (inclusive ? end.size() : 0));
  }

  void blank_literal(char quote) {
    keep(1);
    while (at_ < source_.size() && source_[at_] != quote && source_[at_] != '\n') {
      blank(source_[at_] == '\\' ? 2 : 1);
    }
    if (at_ < source_.size()) {
      keep(1);
    }
  }

  void blank_raw_string() {
    const auto open = source_.find('(', at_);
    if (open == std::string_view::npos) {
      keep(1);
      return;
    }
    const std::string end = ")" + std::string(source_.substr(at_ + 2, open - at_ - 2)) + "\"";
    blank_until(end, true);
  }

  std::string_view source_;
  std::size_t at_ = 0;
  std::string code_;
};

}  // namespace

std::string without_comments_and_literals(std::string_view source) { return Blanker(source).run(); }

}  // namespace tocsin::lint
