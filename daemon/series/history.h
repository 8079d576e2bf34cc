#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "model/matcher.h"
#include "series/block_store.h"
#include "series/snapshot.h"

namespace tocsin::series {

/// A text that two lists of matchers share only when they are the same.
std::string matchers_key(const model::Matchers& matchers);

struct Extract;

/// A block that has to be read, and for which series.
struct BlockNeed {
  BlockInfo block;
  model::Matchers matchers;
  std::string key;  ///< of the matchers
};

/// An extract that was read for a need.
struct Provision {
  std::string key;
  std::shared_ptr<const Extract> extract;
};

/// Which blocks there are, and what was read of them lately. Blocks are read by the shell, which
/// may wait for the disk; nothing here does. Safe to use on any thread.
class History {
 public:
  void set_blocks(std::vector<BlockInfo> blocks);
  void add(const BlockInfo& block);
  void remove(std::uint64_t id);
  std::vector<BlockInfo> blocks() const;

  /// What has to be read before the selections can be answered for times before `before_ms`.
  std::vector<BlockNeed> needs(std::span<const Selection> selections, std::int64_t before_ms) const;
  /// Keeps what was read, and forgets what was used longest ago once the limit is passed.
  void provide(std::span<const Provision> provisions);
  /// The extracts at hand for a selection, ascending by block.
  std::vector<std::shared_ptr<const Extract>> find(const Selection& selection,
                                                   std::int64_t before_ms,
                                                   std::span<const Provision> given) const;

  void set_limit(std::size_t bytes);
  std::size_t bytes() const;

 private:
  struct Kept {
    std::shared_ptr<const Extract> extract;
    std::list<std::string>::iterator use;
  };

  static std::string cache_key(std::uint64_t block, const std::string& key);
  bool overlaps(const BlockInfo& block, const Selection& selection, std::int64_t before_ms) const;
  void forget(const std::string& key);
  void shrink();

  mutable std::mutex mutex_;
  std::vector<BlockInfo> blocks_;  // ascending by id
  boost::unordered_flat_map<std::string, Kept> kept_;
  mutable std::list<std::string> uses_;  // the one used last in front
  std::size_t limit_ = 16U << 20;
  std::size_t bytes_ = 0;
};

}  // namespace tocsin::series
