#include "series/matcher_index.h"

#include <algorithm>
#include <span>

namespace tocsin::series {
namespace {

// The values that a label must have one of; empty when others will do too, or none at all.
std::span<const std::string> wanted_values(const model::Matcher& matcher) {
  if (matcher.kind() == model::MatchKind::kEqual && !matcher.value().empty()) {
    return {&matcher.value(), 1};
  }
  if (matcher.kind() == model::MatchKind::kRegex && !matcher.matches(std::string_view())) {
    return matcher.literal_alternatives();
  }
  return {};
}

}  // namespace

std::size_t MatcherIndex::crowd(std::string_view name, std::string_view value) const {
  const auto values = by_label_.find(name);
  if (values == by_label_.end()) {
    return 0;
  }
  const auto bucket = values->second.find(value);
  return bucket == values->second.end() ? 0 : bucket->second.size();
}

void MatcherIndex::add(Id id, const model::Matchers& matchers) {
  const model::Matcher* best = nullptr;
  std::size_t least = 0;
  for (const model::Matcher& matcher : matchers) {
    std::size_t others = 0;
    const auto values = wanted_values(matcher);
    for (const std::string& value : values) {
      others += 1 + crowd(matcher.name(), value);
    }
    if (!values.empty() && (best == nullptr || others < least)) {
      best = &matcher;
      least = others;
    }
  }
  if (best == nullptr) {
    rest_.push_back({id, matchers});
    return;
  }
  for (const std::string& value : wanted_values(*best)) {
    by_label_[best->name()][value].push_back({id, matchers});
  }
}

void MatcherIndex::erase(Bucket& bucket, Id id, const model::Matchers& matchers) {
  std::erase_if(bucket,
                [&](const Entry& entry) { return entry.id == id && entry.matchers == matchers; });
}

void MatcherIndex::remove(Id id, const model::Matchers& matchers) {
  erase(rest_, id, matchers);
  // Under which of them it lies depends on what there was when it came.
  for (const model::Matcher& matcher : matchers) {
    const auto values = by_label_.find(matcher.name());
    if (values == by_label_.end()) {
      continue;
    }
    for (const std::string& value : wanted_values(matcher)) {
      const auto bucket = values->second.find(value);
      if (bucket == values->second.end()) {
        continue;
      }
      erase(bucket->second, id, matchers);
      if (bucket->second.empty()) {
        values->second.erase(bucket);
      }
    }
    if (values->second.empty()) {
      by_label_.erase(values);
    }
  }
}

std::vector<MatcherIndex::Id> MatcherIndex::find(const model::Labels& labels) const {
  std::vector<Id> ids;
  const auto ask = [&](const Bucket& bucket) {
    for (const Entry& entry : bucket) {
      if (model::match_all(entry.matchers, labels)) {
        ids.push_back(entry.id);
      }
    }
  };
  for (const model::Label& label : labels) {
    const auto values = by_label_.find(label.name.view());
    if (values == by_label_.end()) {
      continue;
    }
    const auto bucket = values->second.find(label.value.view());
    if (bucket != values->second.end()) {
      ask(bucket->second);
    }
  }
  ask(rest_);
  std::ranges::sort(ids);
  ids.erase(std::ranges::unique(ids).begin(), ids.end());
  return ids;
}

}  // namespace tocsin::series
