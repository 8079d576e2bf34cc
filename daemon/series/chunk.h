#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "model/sample.h"

namespace tocsin::series {

/// Zeros behind the bytes of a chunk, so that a reader may load whole words.
inline constexpr std::size_t kChunkPadding = 9;

/// At how many samples a chunk is full. A reader decodes a chunk from its beginning, so this bounds
/// what the newest samples cost; each chunk costs some eighty bytes beside its samples.
inline constexpr std::size_t kChunkSamples = 64;

/// A sealed run of samples in ascending time, compressed as in "Gorilla: A Fast, Scalable,
/// In-Memory Time Series Database" (Pelkonen et al., VLDB 2015): deltas of deltas for times, XOR
/// with the value before for values. Every bit of a value survives, those of NaNs included.
/// Immutable; copies share the bytes and are safe to read on any thread.
struct Chunk {
  std::shared_ptr<const std::uint8_t[]> bytes;
  std::int64_t min_time_ms = 0;
  std::int64_t max_time_ms = 0;
  std::uint32_t size = 0;  ///< of bytes, without the padding
  /// Of samples. This and max_time_ms may cover less than the bytes hold: those of a stored chunk
  /// are shared, and some of its samples may be known better elsewhere.
  std::uint32_t count = 0;

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

/// Encodes samples from the start.
class ChunkWriter {
 public:
  void append(model::Sample sample);
  Chunk finish() const;

  void put_bits(std::uint64_t value, int count);

 private:
  std::vector<std::uint8_t> bytes_;
  int free_bits_ = 0;  // in the last byte
  CodecState state_;
  std::int64_t min_time_ms_ = 0;
  std::uint32_t count_ = 0;
};

/// The whole words of a chunk that still grows, shared by the chunk and those who pinned it. Words
/// that somebody learnt of under the store's lock never change; the writer fills those behind.
class GrowingWords {
 public:
  GrowingWords() = default;
  GrowingWords(const GrowingWords& other) noexcept : body_(other.body_) {
    if (body_ != nullptr) {
      body_->references.fetch_add(1, std::memory_order_relaxed);
    }
  }
  GrowingWords(GrowingWords&& other) noexcept : body_(std::exchange(other.body_, nullptr)) {}
  GrowingWords& operator=(GrowingWords other) noexcept {
    std::swap(body_, other.body_);
    return *this;
  }
  ~GrowingWords() { release(); }

  const std::uint64_t* data() const { return reinterpret_cast<const std::uint64_t*>(body_ + 1); }
  /// Where they are, for those who want them in the cache beforehand.
  const void* address() const { return body_; }
  /// Writes behind the first `size` words.
  void push(std::uint32_t size, std::uint64_t word);
  /// Heap bytes.
  std::size_t bytes() const {
    return body_ != nullptr ? sizeof(Body) + body_->capacity * sizeof(std::uint64_t) : 0;
  }

 private:
  struct Body {
    std::atomic<std::uint32_t> references;
    std::uint32_t capacity;  // words, which follow behind it
  };
  void release();
  void grow(std::uint32_t size);

  Body* body_ = nullptr;
};

/// What was in an OpenChunk when it was pinned. Safe to read on any thread.
struct OpenView {
  GrowingWords words;
  std::uint64_t tail = 0;  ///< the bits behind the whole words
  std::int64_t min_time_ms = 0;
  std::int64_t max_time_ms = 0;
  std::uint32_t size = 0;   ///< whole words
  std::uint32_t count = 0;  ///< of samples

  /// As Chunk::read().
  void read(std::int64_t from_ms, std::int64_t to_ms, std::vector<model::Sample>& out) const;
};

/// A chunk that samples are added to. It is compressed from the first sample on: a live series
/// pays for what it holds, not for places to come.
class OpenChunk {
 public:
  bool empty() const { return count_ == 0; }
  /// Whether the chunk should be sealed before more comes.
  bool full() const { return count_ >= kChunkSamples || words_used_ >= kMaxWords; }
  std::int64_t min_time_ms() const { return min_time_ms_; }
  std::int64_t max_time_ms() const { return static_cast<std::int64_t>(time_); }
  std::uint32_t count() const { return count_; }
  /// Heap bytes.
  std::size_t bytes() const { return words_.bytes(); }

  void append(model::Sample sample);
  OpenView view() const;
  const void* address() const { return words_.address(); }
  /// Where the next word goes, when there is room for it; null before the first one.
  const void* end_address() const {
    return words_.address() != nullptr ? words_.data() + words_used_ : nullptr;
  }
  /// The same samples in a sealed chunk.
  Chunk seal() const;

  void put_bits(std::uint64_t value, int count);

  static constexpr std::uint32_t kMaxWords = 128;

 private:
  // As CodecState, in less space: there is one of these per live series.
  GrowingWords words_;
  std::uint64_t tail_ = 0;
  std::uint64_t time_ = 0;
  std::uint64_t delta_ = 0;
  std::uint64_t bits_ = 0;
  std::int64_t min_time_ms_ = 0;
  std::uint16_t words_used_ = 0;
  std::uint16_t count_ = 0;
  std::int8_t leading_ = -1;
  std::uint8_t significant_ = 0;
  std::uint8_t tail_bits_ = 0;
};

}  // namespace tocsin::series
