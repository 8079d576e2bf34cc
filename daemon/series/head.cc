#include "series/head.h"

#include <algorithm>
#include <span>

#include "base/check.h"

namespace tocsin::series {
namespace {

bool before(const model::Sample& sample, std::int64_t time_ms) { return sample.time_ms < time_ms; }

// The control block that make_shared puts beside its object.
constexpr std::size_t kSharedOverhead = 32;

}  // namespace

std::optional<double> Head::at(std::int64_t time_ms) const {
  if (empty()) {
    return std::nullopt;
  }
  const std::span<const model::Sample> open(open_->data(), length_);
  const auto found = std::ranges::lower_bound(open, time_ms, {}, &model::Sample::time_ms);
  if (found != open.end() && found->time_ms == time_ms) {
    return found->value;
  }
  for (const Chunk& chunk : sealed_) {
    std::vector<model::Sample> samples;
    chunk.read(time_ms, time_ms, samples);
    if (!samples.empty()) {
      return samples.front().value;
    }
  }
  return std::nullopt;
}

void Head::append(model::Sample sample) {
  if (!open_) {
    open_ = std::make_shared<OpenChunk>();
    count_bytes();
  } else if (length_ == kOpenSamples) {
    seal();
  }
  (*open_)[length_] = sample;
  ++length_;
}

void Head::replace(model::Sample sample) {
  TOCSIN_CHECK(!empty(), "a sample of an empty series cannot be replaced");
  if (sample.time_ms >= open_->front().time_ms) {
    auto copy = std::make_shared<OpenChunk>(*open_);
    const auto end = copy->begin() + length_;
    const auto found = std::lower_bound(copy->begin(), end, sample.time_ms, before);
    TOCSIN_CHECK(found != end && found->time_ms == sample.time_ms, "no sample to replace");
    found->value = sample.value;
    open_ = std::move(copy);
    return;
  }
  const auto chunk = std::ranges::lower_bound(sealed_, sample.time_ms, {}, &Chunk::max_time_ms);
  TOCSIN_CHECK(chunk != sealed_.end(), "no sample to replace");
  std::vector<model::Sample> samples;
  chunk->read(chunk->min_time_ms, chunk->max_time_ms, samples);
  ChunkWriter writer;
  for (const model::Sample& old : samples) {
    writer.append(old.time_ms == sample.time_ms ? sample : old);
  }
  *chunk = writer.finish();
  count_bytes();
}

std::size_t Head::adopt(const Chunk& chunk) {
  std::vector<model::Sample> samples;
  chunk.read(chunk.min_time_ms, chunk.max_time_ms, samples);
  const std::size_t before = this->samples();
  if (samples.empty() || (!empty() && last_time_ms() > samples.front().time_ms)) {
    for (const model::Sample& sample : samples) {
      if (empty() || sample.time_ms > last_time_ms()) {
        append(sample);
      } else if (sample.time_ms == last_time_ms()) {
        replace(sample);
      }
    }
    return this->samples() - before;
  }
  if (!empty() && last_time_ms() == samples.front().time_ms) {
    --length_;
  }
  if (length_ > 0) {
    seal();
  }
  if (samples.size() > 1) {
    sealed_.push_back(chunk);
    sealed_.back().count = static_cast<std::uint32_t>(samples.size() - 1);
    sealed_.back().max_time_ms = samples[samples.size() - 2].time_ms;
    sealed_.back().whole = false;
  }
  open_ = std::make_shared<OpenChunk>();
  (*open_)[0] = samples.back();
  length_ = 1;
  count_bytes();
  return this->samples() - before;
}

std::size_t Head::drop_before(std::int64_t time_ms) {
  std::size_t dropped = 0;
  auto keep = sealed_.begin();
  while (keep != sealed_.end() && keep->max_time_ms < time_ms) {
    dropped += keep->count;
    ++keep;
  }
  sealed_.erase(sealed_.begin(), keep);
  if (!empty() && last_time_ms() < time_ms) {
    dropped += length_;
    open_.reset();
    length_ = 0;
  }
  if (dropped > 0) {
    count_bytes();
  }
  return dropped;
}

std::size_t Head::samples() const {
  std::size_t count = length_;
  for (const Chunk& chunk : sealed_) {
    count += chunk.count;
  }
  return count;
}

void Head::count_bytes() {
  std::size_t bytes = sealed_.capacity() * sizeof(Chunk);
  for (const Chunk& chunk : sealed_) {
    bytes += chunk.size + kChunkPadding + kSharedOverhead;
  }
  bytes += open_ ? sizeof(OpenChunk) + kSharedOverhead : 0;
  bytes_ = static_cast<std::uint32_t>(bytes);
}

void Head::seal() {
  // The newest sealed chunk grows by copies until it is full: readers hold the shorter ones.
  const bool grow =
      !sealed_.empty() && sealed_.back().whole && sealed_.back().count + length_ <= kChunkSamples;
  ChunkWriter writer = grow ? ChunkWriter(sealed_.back()) : ChunkWriter();
  for (std::size_t i = 0; i < length_; ++i) {
    writer.append((*open_)[i]);
  }
  if (grow) {
    sealed_.back() = writer.finish();
  } else {
    sealed_.push_back(writer.finish());
  }
  // A new one each time: readers may look at the old one without the lock.
  open_ = std::make_shared<OpenChunk>();
  length_ = 0;
  count_bytes();
}

}  // namespace tocsin::series
