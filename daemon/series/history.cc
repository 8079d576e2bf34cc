#include "series/history.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "series/extract.h"

namespace tocsin::series {
namespace {

// The objects of one extracted series beside its chunk's bytes.
constexpr std::size_t kOneBytes = sizeof(Extract::One) + 64;

}  // namespace

// Length-prefixed, so that no two lists of matchers have the same key.
std::string matchers_key(const model::Matchers& matchers) {
  std::string key;
  for (const model::Matcher& matcher : matchers) {
    key += static_cast<char>('0' + static_cast<int>(matcher.kind()));
    for (const std::string* part : {&matcher.name(), &matcher.value()}) {
      key += std::to_string(part->size());
      key += ':';
      key += *part;
    }
  }
  return key;
}

std::shared_ptr<const Extract> Extract::make(std::uint64_t id, const Block& block,
                                             const model::Matchers& matchers) {
  auto extract = std::make_shared<Extract>();
  extract->block = id;
  std::size_t bytes = kChunkPadding;
  for (const std::size_t place : block.select(matchers)) {
    BlockSeries series = block.series(place);
    if (series.chunk.count > 0 || !series.histograms.empty()) {
      bytes += series.chunk.size;
      extract->series.push_back(
          {std::move(series.labels), std::move(series.chunk), std::move(series.histograms)});
    }
  }
  // Chunks side by side: reading beyond one's end stays within the copy.
  auto copy = std::make_shared<std::uint8_t[]>(bytes);
  std::size_t at = 0;
  for (One& one : extract->series) {
    if (one.chunk.count == 0) {
      continue;
    }
    std::memcpy(copy.get() + at, one.chunk.bytes.get(), one.chunk.size);
    one.chunk.bytes = std::shared_ptr<const std::uint8_t[]>(copy, copy.get() + at);
    at += one.chunk.size;
  }
  extract->bytes = sizeof(Extract) + bytes;
  for (const One& one : extract->series) {
    extract->bytes += kOneBytes + model::Labels::heap_bytes(one.labels.size());
    for (const model::HistogramSample& sample : one.histograms) {
      extract->bytes += sizeof(sample) + sample.histogram->bytes();
    }
  }
  return extract;
}

void History::set_blocks(std::vector<BlockInfo> blocks) {
  std::ranges::sort(blocks, {}, &BlockInfo::id);
  const std::lock_guard lock(mutex_);
  blocks_ = std::move(blocks);
  kept_.clear();
  uses_.clear();
  bytes_ = 0;
}

void History::add(const BlockInfo& block) {
  const std::lock_guard lock(mutex_);
  const auto place = std::ranges::lower_bound(blocks_, block.id, {}, &BlockInfo::id);
  blocks_.insert(place, block);
}

void History::remove(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  std::erase_if(blocks_, [id](const BlockInfo& block) { return block.id == id; });
  std::vector<std::string> gone;
  for (const auto& [key, kept] : kept_) {
    if (kept.extract->block == id) {
      gone.push_back(key);
    }
  }
  for (const std::string& key : gone) {
    forget(key);
  }
}

std::vector<BlockInfo> History::blocks() const {
  const std::lock_guard lock(mutex_);
  return blocks_;
}

std::string History::cache_key(std::uint64_t block, const std::string& key) {
  return std::to_string(block) + '/' + key;
}

bool History::overlaps(const BlockInfo& block, const Selection& selection,
                       std::int64_t before_ms) const {
  return block.min_time_ms < before_ms && block.min_time_ms <= selection.max_time_ms &&
         block.max_time_ms >= selection.min_time_ms;
}

std::vector<BlockNeed> History::needs(std::span<const Selection> selections,
                                      std::int64_t before_ms) const {
  std::vector<BlockNeed> needs;
  const std::lock_guard lock(mutex_);
  for (const Selection& selection : selections) {
    if (selection.min_time_ms >= before_ms) {
      continue;
    }
    std::string key = matchers_key(selection.matchers);
    for (const BlockInfo& block : blocks_) {
      if (overlaps(block, selection, before_ms) && !kept_.contains(cache_key(block.id, key))) {
        needs.push_back({block, selection.matchers, key});
      }
    }
  }
  return needs;
}

void History::provide(std::span<const Provision> provisions) {
  const std::lock_guard lock(mutex_);
  for (const Provision& provision : provisions) {
    const std::uint64_t id = provision.extract->block;
    const auto known = std::ranges::lower_bound(blocks_, id, {}, &BlockInfo::id);
    if (known == blocks_.end() || known->id != id) {
      continue;  // dropped while it was read
    }
    std::string key = cache_key(id, provision.key);
    if (kept_.contains(key)) {
      continue;
    }
    uses_.push_front(key);
    bytes_ += provision.extract->bytes + 2 * key.size();
    kept_.emplace(std::move(key), Kept{provision.extract, uses_.begin()});
  }
  shrink();
}

std::vector<std::shared_ptr<const Extract>> History::find(const Selection& selection,
                                                          std::int64_t before_ms,
                                                          std::span<const Provision> given) const {
  std::vector<std::shared_ptr<const Extract>> found;
  const std::string key = matchers_key(selection.matchers);
  const std::lock_guard lock(mutex_);
  for (const BlockInfo& block : blocks_) {
    if (!overlaps(block, selection, before_ms)) {
      continue;
    }
    const auto in_hand = std::ranges::find_if(given, [&](const Provision& provision) {
      return provision.extract->block == block.id && provision.key == key;
    });
    if (in_hand != given.end()) {
      found.push_back(in_hand->extract);
      continue;
    }
    const auto kept = kept_.find(cache_key(block.id, key));
    if (kept != kept_.end()) {
      uses_.splice(uses_.begin(), uses_, kept->second.use);
      found.push_back(kept->second.extract);
    }
  }
  return found;
}

void History::forget(const std::string& key) {
  const auto found = kept_.find(key);
  bytes_ -= found->second.extract->bytes + 2 * key.size();
  uses_.erase(found->second.use);
  kept_.erase(found);
}

void History::shrink() {
  while (bytes_ > limit_ && !uses_.empty()) {
    const std::string oldest = uses_.back();
    forget(oldest);
  }
}

void History::set_limit(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  limit_ = bytes;
  shrink();
}

std::size_t History::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace tocsin::series
