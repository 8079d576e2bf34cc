#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/labels.h"
#include "model/matcher.h"
#include "series/chunk.h"

namespace tocsin::series {

/// One series as a block holds it: its samples within the block's span, ascending.
struct BlockSeries {
  /// The upper half of the series' ref: what the log calls it.
  std::uint32_t id = 0;
  model::Labels labels;
  Chunk chunk;
};

/// Writes series into one blob: a table of texts, the series in the order given, their chunks.
std::string encode_block(const std::vector<BlockSeries>& series);

/// A block that was read back. The blob's own checksum is its keeper's business; parse() checks
/// that everything lies within the blob. Immutable, safe to read on any thread.
class Block {
 public:
  /// kCorrupt when the blob is no block. Chunks point into the blob and keep it alive.
  static base::Result<Block> parse(std::shared_ptr<const std::string> blob);

  std::size_t size() const { return entries_.size(); }
  /// Builds the labels anew at each call, but of texts that all series of the block share.
  BlockSeries series(std::size_t index) const;
  /// The places of the series that the matchers accept, ascending.
  std::vector<std::size_t> select(const model::Matchers& matchers) const;

 private:
  struct Entry {
    std::uint32_t id = 0;
    std::uint32_t first_label = 0;
    std::uint32_t labels = 0;
    std::uint32_t count = 0;
    std::uint64_t hash = 0;
    std::int64_t min_time_ms = 0;
    std::int64_t max_time_ms = 0;
    std::size_t offset = 0;  // of the chunk, in the blob
    std::uint32_t size = 0;
  };
  struct Pair {
    std::uint32_t name;
    std::uint32_t value;
  };

  std::shared_ptr<const std::string> blob_;
  std::vector<model::Symbol> symbols_;
  std::vector<Pair> pairs_;
  std::vector<Entry> entries_;
};

}  // namespace tocsin::series
