#include "rules/selector_index.h"

namespace tocsin::rules {

std::optional<std::vector<std::string>> pinned_names(const model::Matchers& matchers) {
  for (const model::Matcher& matcher : matchers) {
    if (matcher.name() != model::kMetricName) {
      continue;
    }
    if (matcher.kind() == model::MatchKind::kEqual && !matcher.value().empty()) {
      return std::vector<std::string>{matcher.value()};
    }
    if (matcher.kind() == model::MatchKind::kRegex && !matcher.literal_alternatives().empty()) {
      return matcher.literal_alternatives();
    }
  }
  return std::nullopt;
}

void SelectorIndex::add(std::size_t rule, const model::Matchers& matchers) {
  const auto names = pinned_names(matchers);
  if (!names) {
    any_name_.push_back({rule, matchers});
    return;
  }
  for (const std::string& name : *names) {
    by_name_[name].push_back({rule, matchers});
  }
}

const std::vector<SelectorIndex::Entry>& SelectorIndex::with_name(std::string_view name) const {
  static const std::vector<Entry> kNone;
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? kNone : found->second;
}

}  // namespace tocsin::rules
