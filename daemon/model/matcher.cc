#include "model/matcher.h"

#include <re2/re2.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "model/regex_automaton.h"

namespace tocsin::model {
namespace {

// How many values a regular expression may stand for and still be taken as a list of them.
constexpr std::size_t kMaxListed = 64;
constexpr std::string_view kRegexSyntax = "\\.+*?()[]{}^$|";

std::vector<std::string> literals_of(std::string_view pattern) {
  std::vector<std::string> literals;
  for (const std::string_view part : base::split(pattern, '|')) {
    if (part.empty() || part.find_first_of(kRegexSyntax) != std::string_view::npos) {
      return {};
    }
    literals.emplace_back(part);
  }
  return literals;
}

}  // namespace

/// A regular expression, twice: RE2 knows all of them, the automaton is faster.
struct Matcher::Regex {
  Regex(const std::string& pattern, const re2::RE2::Options& options) : re2(pattern, options) {}

  bool matches(std::string_view text) const {
    const auto answer = automaton ? automaton->matches(text) : std::nullopt;
    return answer ? *answer : re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), re2);
  }

  re2::RE2 re2;
  std::optional<RegexAutomaton> automaton;
};

Matcher::Matcher(MatchKind kind, std::string name, std::string value)
    : kind_(kind), name_(std::move(name)), value_(std::move(value)) {}

base::Result<Matcher> Matcher::make(MatchKind kind, std::string name, std::string value) {
  Matcher matcher(kind, std::move(name), std::move(value));
  if (kind == MatchKind::kRegex || kind == MatchKind::kNotRegex) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_dot_nl(true);
    options.set_max_mem(1 << 20);
    auto regex = std::make_shared<Regex>(matcher.value_, options);
    if (!regex->re2.ok()) {
      return base::Error(
          base::ErrorCode::kInvalidInput,
          "bad regular expression " + base::quote(matcher.value_) + ": " + regex->re2.error());
    }
    regex->automaton = RegexAutomaton::make(matcher.value_);
    matcher.alternatives_ = literals_of(matcher.value_);
    if (matcher.alternatives_.empty() && regex->automaton) {
      matcher.alternatives_ = regex->automaton->texts(kMaxListed);
    }
    matcher.regex_ = std::move(regex);
  }
  return matcher;
}

bool Matcher::matches(std::string_view label_value) const {
  switch (kind_) {
    case MatchKind::kEqual:
      return label_value == value_;
    case MatchKind::kNotEqual:
      return label_value != value_;
    default:
      break;
  }
  const bool listed = !regex_->automaton && !alternatives_.empty();
  const bool found = listed ? std::ranges::find(alternatives_, label_value) != alternatives_.end()
                            : regex_->matches(label_value);
  return found == (kind_ == MatchKind::kRegex);
}

std::string Matcher::to_string() const {
  constexpr std::string_view kOperators[] = {"=", "!=", "=~", "!~"};
  std::string text = is_legacy_label_name(name_) ? name_ : base::quote(name_);
  text += kOperators[static_cast<std::size_t>(kind_)];
  return text + base::quote(value_);
}

bool match_all(const Matchers& matchers, const Labels& labels) {
  return std::ranges::all_of(matchers, [&](const Matcher& m) { return m.matches(labels); });
}

}  // namespace tocsin::model
