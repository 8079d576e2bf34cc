#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sources/source.h"

namespace tocsin::sources::system {

using LabelPair = std::pair<std::string_view, std::string_view>;

/// Collects the samples of one poll. Label sets are built once and shared by later polls, because
/// a host shows the same few hundred series every five seconds; those that a host no longer shows
/// are forgotten after a while.
class Output {
 public:
  /// Begins a poll.
  void begin();
  void add(std::string_view name, double value) { add(name, {}, value); }
  void add(std::string_view name, std::initializer_list<LabelPair> labels, double value);
  /// Ends a poll and hands over its samples.
  std::vector<RawSample> take();

  /// How many label sets are remembered.
  std::size_t remembered() const { return known_.size(); }

 private:
  struct Known {
    model::Labels labels;
    std::uint64_t used = 0;  ///< the poll that showed it last
  };

  std::vector<RawSample> samples_;
  std::unordered_map<std::string, Known> known_;
  std::string key_;  // kept for its capacity
  std::uint64_t poll_ = 0;
};

}  // namespace tocsin::sources::system
