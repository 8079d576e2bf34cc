#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "model/histogram.h"
#include "series/snapshot.h"

namespace tocsin::series {

/// The native histograms of one series, beside its floats. Few series have any, so a series without
/// pays one pointer. Guarded by the store's lock; what pin() hands out needs none.
class HistogramHead {
 public:
  /// Stored histograms know whether counting began again after the one before; see
  /// model::hint_after(). `after_float`: a float lies between the two.
  void append(model::HistogramSample sample, bool after_float);
  /// Takes one as it was stored before, with its hint; it is newer than the last one.
  void adopt(model::HistogramSample sample);
  /// Gives the histogram at exactly that time, which exists, another value. Readers that pinned
  /// the old one keep it.
  void replace(model::HistogramSample sample);
  /// Drops blocks whose samples are all older. Returns how many samples went.
  std::size_t drop_before(std::int64_t time_ms);

  bool empty() const { return blocks_.empty(); }
  /// There is one.
  std::int64_t first_time_ms() const;
  /// The newest; there is one.
  const model::HistogramSample& last() const;
  /// The histogram at exactly that time, or null.
  model::HistogramPtr at(std::int64_t time_ms) const;

  std::size_t samples() const;
  /// Heap bytes, estimated.
  std::size_t bytes() const { return bytes_; }

  static constexpr std::size_t kBlockSamples = 64;
  /// The first `length` samples of a block, as somebody learnt it under the lock, never change; the
  /// writer only fills the places behind.
  struct Block {
    std::shared_ptr<std::array<model::HistogramSample, kBlockSamples>> samples;
    std::uint32_t length = 0;
  };

 private:
  friend struct PinHistograms;

  std::vector<Block> blocks_;  // none is empty
  std::size_t bytes_ = 0;
};

/// Pins a series' histograms together with its floats.
struct PinHistograms {
  std::shared_ptr<const PinnedSamples> floats;
  std::vector<model::HistogramSample> older;  ///< what blocks hold of them, in kept times
  const HistogramHead* head = nullptr;        ///< null when there is none
  std::int64_t shift_ms = 0;                  ///< by which times move
  std::int64_t floor_ms = 0;                  ///< in kept time: nothing before it shows

  std::shared_ptr<const PinnedSamples> pin();
};

}  // namespace tocsin::series
