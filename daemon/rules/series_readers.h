#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "model/labels.h"
#include "model/matcher.h"
#include "series/matcher_index.h"
#include "series/store.h"

namespace tocsin::rules {

/// Which rules read a series, by their selectors. Selectors are held against the labels of a series
/// once: what it costs to ask again does not depend on how many rules there are.
class SeriesReaders {
 public:
  void add(std::size_t rule, const model::Matchers& selector);

  /// The rules that read a series of these labels, ascending.
  std::vector<std::size_t> find(const model::Labels& labels) const;
  /// The rules that read any of these series, ascending, each once.
  std::vector<std::size_t> find(std::span<const series::NamedSeries> series);

 private:
  using Rules = std::vector<series::MatcherIndex::Id>;
  struct Kind {
    Rules rules;
    std::uint64_t asked = 0;  // the last question that came by it
  };

  std::size_t kind_of(const series::NamedSeries& series);

  series::MatcherIndex index_;
  /// Series that the same rules read are of one kind.
  std::map<Rules, std::size_t> places_;
  std::vector<Kind> kinds_;
  boost::unordered_flat_map<series::SeriesRef, std::size_t> known_;  // their kinds
  std::uint64_t questions_ = 0;
};

}  // namespace tocsin::rules
