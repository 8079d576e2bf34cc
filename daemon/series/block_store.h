#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin::series {

/// Names a sealed block: the samples of all series within a span of time, encoded as one blob.
struct BlockInfo {
  std::string id;
  std::int64_t min_time_ms = 0;
  std::int64_t max_time_ms = 0;  ///< inclusive
  std::uint64_t bytes = 0;
};

/// Where blocks outlive the process. The seam for durable history: nothing implements or calls it
/// yet, and the store keeps only what its retention covers in memory. An implementation lives in
/// the shell, in a file of its own; calls may block, so they belong on a blocking thread.
class BlockStore {
 public:
  virtual ~BlockStore() = default;

  /// Keeps the blob; visible to list() as a whole or not at all. kAlreadyExists for a known id.
  virtual base::Status put(const BlockInfo& block, std::string_view blob) = 0;
  /// The blob as it was put. kNotFound, or kCorrupt when its checksum does not hold.
  virtual base::Result<std::string> get(std::string_view id) const = 0;
  /// All blocks, ascending by time.
  virtual base::Result<std::vector<BlockInfo>> list() const = 0;
  /// Success too when there is no such block.
  virtual base::Status drop(std::string_view id) = 0;
};

}  // namespace tocsin::series
