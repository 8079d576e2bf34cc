#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "model/labels.h"
#include "sources/source.h"

namespace tocsin::sources {

/// Gives the series of one source's samples numbers, as exposition::PageLayout gives those of
/// pages: small, the same in each batch, and free for others some batches after the last one that
/// showed the series.
class RawNumbers {
 public:
  /// Begins a batch. `fresh` gets the numbers that mean another series than before.
  void begin(std::vector<std::uint32_t>& fresh);
  std::uint32_t number_of(const RawSample& sample);
  /// Ends the batch.
  void end();

  /// All numbers are below this.
  std::uint32_t series_end() const { return end_; }

 private:
  struct Known {
    std::uint32_t number = 0;
    std::uint64_t batch = 0;
  };
  std::unordered_map<model::Labels, Known, model::LabelsHash> known_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t>* fresh_ = nullptr;
  std::uint32_t end_ = 0;
  std::uint64_t batch_ = 0;
  std::size_t shown_ = 0;
};

}  // namespace tocsin::sources
