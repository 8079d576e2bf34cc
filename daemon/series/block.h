#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "model/matcher.h"
#include "series/chunk.h"
#include "series/snapshot.h"

namespace tocsin::series {

class ByteReader;

/// One series as a block holds it: its samples within the block's span, ascending.
struct BlockSeries {
  /// The upper half of the series' ref: what the log calls it.
  std::uint32_t id = 0;
  model::Labels labels;
  Chunk chunk;
  /// The last sample of the chunk, and the time of the one before it (of the last when there is no
  /// other): a start need not decode the chunk.
  model::Sample last = {};
  std::int64_t before_last_ms = 0;
  std::vector<model::HistogramSample> histograms = {};
};

/// Makes one of samples in ascending time.
BlockSeries encode_series(std::uint32_t id, model::Labels labels, const Points& points);

/// Writes series into one blob: a table of texts, one of labels, the series in the order given,
/// their samples.
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
  /// The same without labels.
  BlockSeries samples(std::size_t index) const;
  /// The block's distinct labels, and which of them a series has, in order.
  std::size_t distinct_labels() const { return pairs_.size(); }
  model::Label label(std::size_t number) const {
    return {symbols_[pairs_[number].name], symbols_[pairs_[number].value]};
  }
  std::span<const std::uint32_t> labels_of(std::size_t index) const {
    return {label_numbers_.data() + entries_[index].first_label, entries_[index].labels};
  }
  /// Of the labels: what model::Labels::hash() gives.
  std::uint64_t hash_of(std::size_t index) const { return entries_[index].hash; }
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
    std::int64_t before_last_ms = 0;
    double last_value = 0;
    std::size_t offset = 0;  // of the chunk, in the blob; histograms follow it
    std::uint32_t size = 0;
    std::uint32_t histogram_bytes = 0;
  };
  struct Pair {
    std::uint32_t name;
    std::uint32_t value;
  };

  bool parse_names(ByteReader& reader, std::uint64_t symbols, std::uint64_t pairs);
  /// Its `id` is that of the one before.
  bool parse_entry(ByteReader& reader, Entry& entry);

  std::shared_ptr<const std::string> blob_;
  std::vector<model::Symbol> symbols_;
  std::vector<Pair> pairs_;  // distinct
  std::vector<std::uint32_t> label_numbers_;
  std::vector<Entry> entries_;
};

}  // namespace tocsin::series
