#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <vector>

#include "blocks/series_file.h"
#include "series/log.h"
#include "series/store.h"

namespace tocsin::blocks {

/// What ids of the log stand for when the places that a start reads have lost it: the names that
/// lie beside the log, then blocks, the newest first. Reads nothing before it is asked. Blocking.
class Recall {
 public:
  Recall(SeriesFile& file, const std::vector<series::BlockInfo>& blocks)
      : file_(file), blocks_(blocks) {}

  /// Names of the ids in a batch that `refs` lacks, as far as any copy of them is left.
  std::vector<series::Named> find(const series::LogBatch& batch, const series::RestoredRefs& refs);

 private:
  void read_names();
  /// False when there are no more.
  bool read_block(const series::RestoredRefs& refs);

  SeriesFile& file_;
  std::vector<series::BlockInfo> blocks_;  // not read yet, ascending
  boost::unordered_flat_map<std::uint32_t, model::Labels> names_;
  std::uint64_t bytes_ = 0;
  bool began_ = false;
};

}  // namespace tocsin::blocks
