#include "rules/selector_index.h"

#include <algorithm>

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

std::vector<std::size_t> SelectorIndex::readers(const model::Labels& series) const {
  std::vector<std::size_t> rules;
  for (const auto* entries : {&with_name(series.metric_name()), &any_name_}) {
    for (const Entry& entry : *entries) {
      if (model::match_all(entry.matchers, series)) {
        rules.push_back(entry.rule);
      }
    }
  }
  std::ranges::sort(rules);
  rules.erase(std::ranges::unique(rules).begin(), rules.end());
  return rules;
}

}  // namespace tocsin::rules
