#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "model/sample.h"

namespace tocsin::series {

/// The newest samples of one series as they are, in one piece of memory, without stale markers.
class Recent {
 public:
  /// Whether every sample from then on is here.
  bool covers(std::int64_t from_ms) const { return from_ms >= from_ms_; }
  std::span<const model::Sample> samples() const {
    return std::span<const model::Sample>(buffer_).subspan(begin_);
  }
  /// The number of the first sample; see AtHand.
  std::uint64_t first() const { return first_; }
  /// Heap bytes.
  std::size_t bytes() const { return buffer_.capacity() * sizeof(model::Sample); }

  /// Begins anew with all samples from `from_ms` on.
  void assign(std::span<const model::Sample> samples, std::int64_t from_ms);
  /// Takes a later sample; those go that are older than it by more than `keep_ms`.
  void push(model::Sample sample, std::int64_t keep_ms);
  /// A sample that is here gets another value. False when it is not here.
  bool replace(model::Sample sample);
  void shift(std::int64_t delta_ms);
  /// Holds nothing any more, until assign().
  void clear();

 private:
  void make_room();

  std::vector<model::Sample> buffer_;
  std::size_t begin_ = 0;
  std::uint64_t first_ = 0;
  std::int64_t from_ms_ = std::numeric_limits<std::int64_t>::max();
};

}  // namespace tocsin::series
