#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "model/sample.h"
#include "series/chunk.h"

namespace tocsin::series {

/// How many samples wait uncompressed, and at how many a chunk is full. Small, because every live
/// series pays for the former: sixteen bytes each.
inline constexpr std::size_t kOpenSamples = 16;
inline constexpr std::size_t kChunkSamples = 128;

/// The samples of one series that are not compressed yet. The first `length` of them, as somebody
/// learnt it under the store's lock, never change; the writer only fills the places behind.
using OpenChunk = std::array<model::Sample, kOpenSamples>;

/// The samples of one series: sealed chunks and the open one. The last sample is always in the
/// open chunk. Guarded by the store's lock; what pin() hands out needs none.
class Head {
 public:
  bool empty() const { return length_ == 0; }
  std::int64_t last_time_ms() const { return (*open_)[length_ - 1].time_ms; }
  double last_value() const { return (*open_)[length_ - 1].value; }
  std::int64_t first_time_ms() const {
    return sealed_.empty() ? open_->front().time_ms : sealed_.front().min_time_ms;
  }

  /// The sample at exactly that time.
  std::optional<double> at(std::int64_t time_ms) const;
  /// Adds a sample that is newer than the last one.
  void append(model::Sample sample);
  /// Gives the sample at exactly that time, which exists, another value. Readers that pinned the
  /// old one keep it.
  void replace(model::Sample sample);
  /// Takes over a stored chunk without copying it. Its samples are newer than those held; one with
  /// the time of the last one replaces it. Returns by how many samples there are more now.
  std::size_t adopt(const Chunk& chunk);
  /// Drops the chunks whose samples are all older. Returns how many samples went.
  std::size_t drop_before(std::int64_t time_ms);

  const std::vector<Chunk>& sealed() const { return sealed_; }
  const std::shared_ptr<OpenChunk>& open() const { return open_; }
  std::size_t open_length() const { return length_; }

  std::size_t samples() const;
  /// Heap bytes, estimated.
  std::size_t bytes() const { return bytes_; }

 private:
  void seal();
  void count_bytes();

  std::vector<Chunk> sealed_;
  std::shared_ptr<OpenChunk> open_;
  std::uint32_t length_ = 0;
  std::uint32_t bytes_ = 0;
};

}  // namespace tocsin::series
