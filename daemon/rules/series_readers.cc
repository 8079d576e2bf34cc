#include "rules/series_readers.h"

#include <algorithm>

namespace tocsin::rules {
namespace {

/// Beyond this what is known is found out again: series come and go, and nobody says which went.
constexpr std::size_t kMostKnown = 500'000;

}  // namespace

void SeriesReaders::add(std::size_t rule, const model::Matchers& selector) {
  index_.add(static_cast<series::MatcherIndex::Id>(rule), selector);
  known_.clear();
}

std::vector<std::size_t> SeriesReaders::find(const model::Labels& labels) const {
  const Rules rules = index_.find(labels);
  return {rules.begin(), rules.end()};
}

std::size_t SeriesReaders::kind_of(const series::NamedSeries& series) {
  if (const auto found = known_.find(series.ref); found != known_.end()) {
    return found->second;
  }
  if (known_.size() >= kMostKnown) {
    known_.clear();
    places_.clear();
    kinds_.clear();
  }
  const auto [place, fresh] = places_.try_emplace(index_.find(series.labels), kinds_.size());
  if (fresh) {
    kinds_.push_back({.rules = place->first});
  }
  known_.emplace(series.ref, place->second);
  return place->second;
}

std::vector<std::size_t> SeriesReaders::find(std::span<const series::NamedSeries> series) {
  ++questions_;
  std::vector<std::size_t> all;
  for (const series::NamedSeries& one : series) {
    Kind& kind = kinds_[kind_of(one)];
    if (kind.asked != questions_) {
      kind.asked = questions_;
      all.insert(all.end(), kind.rules.begin(), kind.rules.end());
    }
  }
  std::ranges::sort(all);
  all.erase(std::ranges::unique(all).begin(), all.end());
  return all;
}

}  // namespace tocsin::rules
