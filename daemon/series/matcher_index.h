#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/labels.h"
#include "model/matcher.h"

namespace tocsin::series {

/// Finds those of many lists of matchers that accept a set of labels. Each list lies under one of
/// the labels that it asks for by value (mostly the metric name, or whatever else fewer others ask
/// for), so that a new series is held against few of them, however many there are.
class MatcherIndex {
 public:
  using Id = std::uint32_t;

  /// An id may have several lists.
  void add(Id id, const model::Matchers& matchers);
  /// Takes out what add() put in with the same arguments.
  void remove(Id id, const model::Matchers& matchers);
  /// The ids with a list that accepts these labels, ascending, each once.
  std::vector<Id> find(const model::Labels& labels) const;

 private:
  struct Entry {
    Id id;
    model::Matchers matchers;
  };
  using Bucket = std::vector<Entry>;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  using ByValue = boost::unordered_flat_map<std::string, Bucket, Hash, std::equal_to<>>;

  std::size_t crowd(std::string_view name, std::string_view value) const;
  static void erase(Bucket& bucket, Id id, const model::Matchers& matchers);

  boost::unordered_flat_map<std::string, ByValue, Hash, std::equal_to<>> by_label_;
  Bucket rest_;  // that ask for no value
};

}  // namespace tocsin::series
