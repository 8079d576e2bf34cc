#include "blocks/recall.h"

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "series/block.h"

namespace tocsin::blocks {
namespace {

/// Of blocks that are read for their names: more than one seal of a million series.
constexpr std::uint64_t kMaxBytes = 512U << 20;

}  // namespace

std::vector<series::Named> Recall::find(const series::LogBatch& batch,
                                        const series::RestoredRefs& refs) {
  std::set<std::uint32_t> unknown;
  const auto note = [&](const auto& entries) {
    for (const auto& entry : entries) {
      if (refs.find(entry.id) == 0) {
        unknown.insert(entry.id);
      }
    }
  };
  note(batch.samples);
  note(batch.histograms);
  note(batch.replaced_histograms);
  if (!unknown.empty() && !std::exchange(began_, true)) {
    read_names();
  }
  std::vector<series::Named> found;
  do {
    for (auto id = unknown.begin(); id != unknown.end();) {
      const auto name = names_.find(*id);
      if (name == names_.end()) {
        ++id;
        continue;
      }
      found.push_back({name->first, name->second});
      id = unknown.erase(id);
    }
  } while (!unknown.empty() && read_block(refs));
  return found;
}

void Recall::read_names() {
  file_.read_names([this](std::string_view bytes) {
    if (auto batch = series::decode_log(bytes)) {
      for (series::Named& named : batch->definitions) {
        names_.try_emplace(named.id, std::move(named.labels));
      }
    }
  });
}

bool Recall::read_block(const series::RestoredRefs& refs) {
  if (blocks_.empty() || bytes_ > kMaxBytes) {
    return false;
  }
  const series::BlockInfo info = blocks_.back();
  blocks_.pop_back();
  bytes_ += info.bytes;
  auto blob = file_.get(info.id);
  if (!blob) {
    return true;
  }
  const auto block = series::Block::parse(std::make_shared<const std::string>(*std::move(blob)));
  for (std::size_t place = 0; block && place < block->size(); ++place) {
    const std::uint32_t id = block->samples(place).id;
    if (refs.find(id) == 0 && !names_.contains(id)) {
      names_.emplace(id, block->series(place).labels);
    }
  }
  return true;
}

}  // namespace tocsin::blocks
