#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin::series {

/// Names a sealed block: the samples of some series within a span of time, as encode_block() makes
/// one blob of them. Blocks may overlap in time. Ids ascend in the order of sealing: where two
/// blocks hold a sample of one series and one time, that of the greater id is right.
struct BlockInfo {
  std::uint64_t id = 0;
  std::int64_t min_time_ms = 0;
  std::int64_t max_time_ms = 0;  ///< inclusive
  std::uint64_t series = 0;
  std::uint64_t samples = 0;
  std::uint64_t bytes = 0;

  friend bool operator==(const BlockInfo&, const BlockInfo&) = default;
};

/// Where blocks outlive the process. The seam for durable history: an implementation lives in the
/// shell, in a file of its own; calls may block, so they belong on a blocking thread.
class BlockStore {
 public:
  virtual ~BlockStore() = default;

  /// Keeps the blob; visible to list() as a whole or not at all. kAlreadyExists for a known id.
  virtual base::Status put(const BlockInfo& block, std::string_view blob) = 0;
  /// The blob as it was put. kNotFound, or kCorrupt when its checksum does not hold.
  virtual base::Result<std::string> get(std::uint64_t id) = 0;
  /// All blocks, ascending by id.
  virtual base::Result<std::vector<BlockInfo>> list() = 0;
  /// Success too when there is no such block.
  virtual base::Status drop(std::uint64_t id) = 0;
  /// Takes a damaged block out of list() and get(), but keeps its bytes for whoever looks into it.
  virtual base::Status quarantine(std::uint64_t id) = 0;
};

}  // namespace tocsin::series
