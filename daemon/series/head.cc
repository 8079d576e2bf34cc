#include "series/head.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <span>
#include <utility>

#include "base/check.h"
#include "series/store_impl.h"

namespace tocsin::series {
namespace {

// The control block that make_shared puts beside its object.
constexpr std::size_t kSharedOverhead = 32;

std::vector<model::Sample> all_of(const auto& chunk) {
  std::vector<model::Sample> samples;
  chunk.read(chunk.min_time_ms, chunk.max_time_ms, samples);
  return samples;
}

}  // namespace

std::int64_t Head::first_time_ms() const {
  if (sealed_ && !sealed_->empty()) {
    return sealed_->front().min_time_ms;
  }
  return open_.empty() ? last_.time_ms : open_.min_time_ms();
}

std::optional<double> Head::at(std::int64_t time_ms) const {
  if (empty()) {
    return std::nullopt;
  }
  if (last_.time_ms == time_ms) {
    return last_.value;
  }
  std::vector<model::Sample> samples;
  open_.view().read(time_ms, time_ms, samples);
  for (const Chunk& chunk : sealed()) {
    if (samples.empty()) {
      chunk.read(time_ms, time_ms, samples);
    }
  }
  return samples.empty() ? std::nullopt : std::optional(samples.front().value);
}

void Head::append(model::Sample sample) {
  if (any_) {
    if (open_.full()) {
      seal_open();
    }
    open_.append(last_);
  }
  last_ = sample;
  any_ = true;
}

void Head::replace(model::Sample sample) {
  TOCSIN_CHECK(!empty(), "a sample of an empty series cannot be replaced");
  if (sample.time_ms == last_.time_ms) {
    last_.value = sample.value;
    return;
  }
  if (!open_.empty() && sample.time_ms >= open_.min_time_ms()) {
    OpenChunk rewritten;
    for (const model::Sample& old : all_of(open_.view())) {
      rewritten.append(old.time_ms == sample.time_ms ? sample : old);
    }
    open_ = std::move(rewritten);
    return;
  }
  TOCSIN_CHECK(sealed_, "no sample to replace");
  const auto chunk = std::ranges::lower_bound(*sealed_, sample.time_ms, {}, &Chunk::max_time_ms);
  TOCSIN_CHECK(chunk != sealed_->end(), "no sample to replace");
  ChunkWriter writer;
  for (const model::Sample& old : all_of(*chunk)) {
    writer.append(old.time_ms == sample.time_ms ? sample : old);
  }
  *chunk = writer.finish();
  count_bytes();
}

std::size_t Head::merge(const Chunk& chunk) {
  const std::size_t before = samples();
  const std::vector<model::Sample> theirs = all_of(chunk);
  bool between = false;
  for (const model::Sample& sample : theirs) {
    if (empty() || sample.time_ms > last_.time_ms) {
      append(sample);
    } else if (at(sample.time_ms)) {
      replace(sample);
    } else {
      between = true;
    }
  }
  if (between) {
    weave(theirs);
  }
  return samples() - before;
}

// A block of all that memory had, after one that had the end of it only.
void Head::weave(const std::vector<model::Sample>& theirs) {
  std::vector<model::Sample> ours;
  read_kept(*this, std::numeric_limits<std::int64_t>::min(),
            std::numeric_limits<std::int64_t>::max(), ours);
  std::vector<model::Sample> both;
  std::ranges::set_union(theirs, ours, std::back_inserter(both), {}, &model::Sample::time_ms,
                         &model::Sample::time_ms);
  Head woven;
  for (const model::Sample& sample : both) {
    woven.append(sample);
  }
  *this = std::move(woven);
}

std::size_t Head::adopt(const Chunk& chunk, model::Sample last, std::int64_t before_last_ms) {
  if (chunk.count == 0) {
    return 0;
  }
  if (!empty() && last_.time_ms >= chunk.min_time_ms) {
    return merge(chunk);
  }
  if (!empty()) {
    open_.append(last_);
  }
  seal_open();
  if (chunk.count > 1) {
    push_sealed(chunk);
    Chunk& taken = sealed_->back();
    taken.count = chunk.count - 1;
    taken.max_time_ms = before_last_ms;
    count_bytes();
  }
  last_ = last;
  any_ = true;
  return chunk.count;
}

std::size_t Head::drop_before(std::int64_t time_ms) {
  const std::size_t before = samples();
  if (sealed_) {
    const auto keep = std::ranges::find_if(
        *sealed_, [time_ms](const Chunk& chunk) { return chunk.max_time_ms >= time_ms; });
    if (keep == sealed_->end()) {
      sealed_.reset();
    } else {
      sealed_->erase(sealed_->begin(), keep);
    }
    count_bytes();
  }
  if (!open_.empty() && open_.max_time_ms() < time_ms) {
    open_ = OpenChunk();
  }
  if (any_ && last_.time_ms < time_ms) {
    any_ = false;
  }
  return before - samples();
}

std::size_t Head::samples() const {
  std::size_t count = open_.count() + (any_ ? 1 : 0);
  for (const Chunk& chunk : sealed()) {
    count += chunk.count;
  }
  return count;
}

void Head::push_sealed(Chunk chunk) {
  if (!sealed_) {
    sealed_ = std::make_unique<std::vector<Chunk>>();
  }
  sealed_->push_back(std::move(chunk));
  count_bytes();
}

void Head::seal_open() {
  if (!open_.empty()) {
    push_sealed(open_.seal());
    open_ = OpenChunk();
  }
}

void Head::count_bytes() {
  std::size_t bytes = 0;
  if (sealed_) {
    bytes = sizeof(std::vector<Chunk>) + sealed_->capacity() * sizeof(Chunk);
    for (const Chunk& chunk : *sealed_) {
      bytes += chunk.size + kChunkPadding + kSharedOverhead;
    }
  }
  sealed_bytes_ = static_cast<std::uint32_t>(bytes);
}

}  // namespace tocsin::series
