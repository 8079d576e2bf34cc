#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "model/histogram.h"
#include "model/labels.h"
#include "model/matcher.h"
#include "series/block.h"
#include "series/chunk.h"

namespace tocsin::series {

/// What one block holds of the series that a list of matchers accepts. Immutable.
struct Extract {
  struct One {
    model::Labels labels;
    Chunk chunk;  ///< empty for a series of histograms only
    std::vector<model::HistogramSample> histograms;
  };
  std::uint64_t block = 0;
  std::vector<One> series;
  std::size_t bytes = 0;

  /// Copies what is wanted, so that the block itself can go.
  static std::shared_ptr<const Extract> make(std::uint64_t id, const Block& block,
                                             const model::Matchers& matchers);
};

}  // namespace tocsin::series
