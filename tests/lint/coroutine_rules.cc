#include "lint/coroutine_rules.h"

#include <re2/re2.h>

#include <algorithm>
#include <cctype>

namespace tocsin::lint {
namespace {

constexpr std::string_view kAwait = "co_await";

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

int line_at(std::string_view code, std::size_t at) {
  return 1 + static_cast<int>(std::count(code.begin(), code.begin() + static_cast<long>(at), '\n'));
}

// The place of the bracket that closes the one at `open`, or the end of the text.
std::size_t closing(std::string_view code, std::size_t open) {
  const char opener = code[open];
  const char closer = opener == '(' ? ')' : opener == '{' ? '}' : ']';
  int depth = 0;
  for (std::size_t i = open; i < code.size(); ++i) {
    depth += code[i] == opener ? 1 : code[i] == closer ? -1 : 0;
    if (depth == 0) {
      return i;
    }
  }
  return code.size();
}

bool word_at(std::string_view code, std::size_t at, std::string_view word) {
  return code.substr(at, word.size()) == word && (at == 0 || !is_word(code[at - 1])) &&
         (at + word.size() >= code.size() || !is_word(code[at + word.size()]));
}

std::vector<std::size_t> words(std::string_view code, std::string_view word) {
  std::vector<std::size_t> places;
  for (auto at = code.find(word); at != std::string_view::npos; at = code.find(word, at + 1)) {
    if (word_at(code, at, word)) {
      places.push_back(at);
    }
  }
  return places;
}

std::size_t skip_blank(std::string_view code, std::size_t at) {
  while (at < code.size() && std::isspace(static_cast<unsigned char>(code[at])) != 0) {
    ++at;
  }
  return at;
}

// What stands directly before `at`: a word or one punctuation character.
std::string_view token_before(std::string_view code, std::size_t at) {
  std::size_t end = at;
  while (end > 0 && std::isspace(static_cast<unsigned char>(code[end - 1])) != 0) {
    --end;
  }
  std::size_t begin = end;
  while (begin > 0 && is_word(code[begin - 1])) {
    --begin;
  }
  if (begin == end && begin > 0) {
    --begin;
  }
  return code.substr(begin, end - begin);
}

class Checker {
 public:
  Checker(std::string_view path, std::string_view code, std::vector<Violation>& found)
      : path_(path), code_(code), found_(found) {}

  void run() {
    check_conditions();
    check_catch_blocks();
    check_statements();
    check_lambdas();
  }

 private:
  void report(std::size_t at, std::string what) {
    found_.push_back({"coroutine", std::string(path_), line_at(code_, at), std::move(what)});
  }

  bool awaits(std::size_t from, std::size_t to) const {
    return !words(code_.substr(from, to - from), kAwait).empty();
  }

  void check_conditions() {
    for (const std::string_view keyword : {"if", "while", "switch"}) {
      for (const std::size_t at : words(code_, keyword)) {
        const std::size_t open = skip_blank(code_, at + keyword.size());
        if (open < code_.size() && code_[open] == '(' && awaits(open, closing(code_, open))) {
          report(at, "co_await in the condition of " + std::string(keyword));
        }
      }
    }
  }

  void check_catch_blocks() {
    for (const std::size_t at : words(code_, "catch")) {
      const std::size_t open = code_.find('{', at);
      if (open != std::string_view::npos && awaits(open, closing(code_, open))) {
        report(at, "co_await in a catch block");
      }
    }
  }

  // An awaiting statement is one of `co_await f(…);`, `x = co_await f(…);`,
  // `co_return co_await f(…);`.
  void check_statements() {
    std::size_t last_end = 0;
    for (const std::size_t at : words(code_, kAwait)) {
      if (at < last_end) {
        report(at, "two co_await in one statement");
        continue;
      }
      const std::string_view before = token_before(code_, at);
      constexpr std::string_view kAllowed[] = {";", "{", "}", "=", "co_return", "else", ":", ""};
      const bool discarded = before == ")" && token_before(code_, at - 1) == ")" &&
                             code_.substr(0, at).rfind("(void)") != std::string_view::npos;
      if (std::ranges::find(kAllowed, before) == std::end(kAllowed) && !discarded) {
        report(at, "co_await inside an expression, after '" + std::string(before) + "'");
      }
      last_end = statement_end(at);
      check_temporaries(at, last_end);
    }
  }

  std::size_t statement_end(std::size_t at) const {
    int depth = 0;
    for (std::size_t i = at; i < code_.size(); ++i) {
      const char c = code_[i];
      depth += (c == '(' || c == '{' || c == '[') ? 1 : (c == ')' || c == '}' || c == ']') ? -1 : 0;
      if (depth < 0 || (c == ';' && depth == 0)) {
        return i;
      }
    }
    return code_.size();
  }

  void check_temporaries(std::size_t from, std::size_t to) {
    const std::string statement(code_.substr(from, to - from));
    static const re2::RE2 kBraced(R"([\w>]\s*\{)");
    static const re2::RE2 kCapture(R"([(,=]\s*\[[^\]]+\]\s*[({])");
    if (re2::RE2::PartialMatch(statement, kCapture)) {
      report(from, "a capturing lambda made within an awaiting statement");
    } else if (re2::RE2::PartialMatch(statement, kBraced)) {
      report(from, "a braced temporary within an awaiting statement");
    }
  }

  void check_lambdas() {
    for (auto at = code_.find('['); at != std::string_view::npos; at = code_.find('[', at + 1)) {
      const std::string_view before = token_before(code_, at);
      const bool subscript =
          !before.empty() &&
          (is_word(before.back()) || before == "]" || before == ")" || before == "[") &&
          before != "return" && before != "co_return";
      const std::size_t end = closing(code_, at);
      if (subscript || end >= code_.size() || skip_blank(code_, at + 1) >= end ||
          (at + 1 < code_.size() && code_[at + 1] == '[')) {
        continue;
      }
      std::size_t next = skip_blank(code_, end + 1);
      if (next < code_.size() && code_[next] == '(') {
        next = skip_blank(code_, closing(code_, next) + 1);
      }
      const std::size_t body = code_.find('{', next);
      const std::size_t stop = code_.find_first_of(";)", next);
      if (body == std::string_view::npos || (stop < body && code_[stop] == ';')) {
        continue;
      }
      const std::string_view inside = code_.substr(body, closing(code_, body) - body);
      if (!words(inside, kAwait).empty() || !words(inside, "co_return").empty()) {
        report(at, "a capturing lambda that is a coroutine");
      }
    }
  }

  std::string_view path_;
  std::string_view code_;
  std::vector<Violation>& found_;
};

}  // namespace

void check_coroutines(std::string_view path, std::string_view code, std::vector<Violation>& found) {
  Checker(path, code, found).run();
}

}  // namespace tocsin::lint
