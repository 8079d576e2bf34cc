#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "model/sample.h"
#include "series/chunk.h"

namespace tocsin::series {

/// The samples of one series: sealed chunks, the one that grows, and the last sample, which is not
/// encoded yet: it is what most readers want, and what a recording rule replaces. Guarded by the
/// store's lock; what is pinned of it needs none.
class Head {
 public:
  bool empty() const { return !any_; }
  model::Sample last() const { return last_; }
  std::int64_t last_time_ms() const { return last_.time_ms; }
  double last_value() const { return last_.value; }
  std::int64_t first_time_ms() const;

  /// The sample at exactly that time.
  std::optional<double> at(std::int64_t time_ms) const;
  /// Adds a sample that is newer than the last one.
  void append(model::Sample sample);
  /// Gives the sample at exactly that time, which exists, another value. Readers that pinned the
  /// old one keep it.
  void replace(model::Sample sample);
  /// Takes over a stored chunk without copying it, nor decoding it as long as its samples are newer
  /// than those held; else they are right. `last` is its last sample, `before_last_ms` the time of
  /// the one before that. Returns by how many samples there are more now.
  std::size_t adopt(const Chunk& chunk, model::Sample last, std::int64_t before_last_ms);
  /// Drops the chunks whose samples are all older. Returns how many samples went.
  std::size_t drop_before(std::int64_t time_ms);

  std::span<const Chunk> sealed() const {
    return sealed_ ? std::span<const Chunk>(*sealed_) : std::span<const Chunk>();
  }
  OpenView open() const { return open_.view(); }
  /// Brings what the two above look at into the cache.
  void fetch() const {
    __builtin_prefetch(sealed_.get());
    __builtin_prefetch(open_.address());
  }
  /// The same for what an append() reads and writes.
  void fetch_end() const {
    __builtin_prefetch(open_.address());
    __builtin_prefetch(open_.end_address(), 1);
  }

  std::size_t samples() const;
  /// Heap bytes, estimated.
  std::size_t bytes() const { return sealed_bytes_ + open_.bytes(); }

 private:
  std::size_t merge(const Chunk& chunk);
  void weave(const std::vector<model::Sample>& theirs);
  void push_sealed(Chunk chunk);
  void seal_open();
  void count_bytes();

  OpenChunk open_;
  model::Sample last_;
  std::unique_ptr<std::vector<Chunk>> sealed_;  // most series of a young store have none
  std::uint32_t sealed_bytes_ = 0;
  bool any_ = false;
};

}  // namespace tocsin::series
