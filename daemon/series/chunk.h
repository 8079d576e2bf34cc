#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "model/sample.h"

namespace tocsin::series {

/// Zeros behind the bytes of a chunk, so that a reader may load whole words.
inline constexpr std::size_t kChunkPadding = 9;

/// A sealed run of samples in ascending time, compressed as in "Gorilla: A Fast, Scalable,
/// In-Memory Time Series Database" (Pelkonen et al., VLDB 2015): deltas of deltas for times, XOR
/// with the value before for values. Every bit of a value survives, those of NaNs included.
/// Immutable; copies share the bytes and are safe to read on any thread.
struct Chunk {
  std::shared_ptr<const std::uint8_t[]> bytes;
  std::int64_t min_time_ms = 0;
  std::int64_t max_time_ms = 0;
  std::uint32_t size = 0;   ///< of bytes, without the padding
  std::uint32_t count = 0;  ///< of samples

  /// Whether `count` and `max_time_ms` cover all that the bytes hold. They may cover less: the
  /// bytes of a stored chunk are shared, and some of its samples may be known better elsewhere.
  bool whole = true;

  /// Appends the samples with min <= time <= max to `out`.
  void read(std::int64_t from_ms, std::int64_t to_ms, std::vector<model::Sample>& out) const;
};

/// What both directions of the codec know of the samples passed so far.
struct CodecState {
  std::uint64_t time = 0;
  std::uint64_t delta = 0;
  std::uint64_t bits = 0;
  /// The window of significant bits that a value may reuse; none before the first.
  int leading = -1;
  int significant = 0;
};

/// Encodes samples, from the start or behind those of a chunk.
class ChunkWriter {
 public:
  ChunkWriter() = default;
  /// Continues where `chunk` ends; the chunk itself stays as it is.
  explicit ChunkWriter(const Chunk& chunk);

  void append(model::Sample sample);
  Chunk finish() const;

 private:
  void put_bits(std::uint64_t value, int count);
  void put_time(std::uint64_t time);
  void put_value(std::uint64_t bits);

  std::vector<std::uint8_t> bytes_;
  int free_bits_ = 0;  // in the last byte
  CodecState state_;
  std::int64_t min_time_ms_ = 0;
  std::uint32_t count_ = 0;
};

}  // namespace tocsin::series
