#include "series/histograms.h"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "base/check.h"
#include "model/histogram_algebra.h"
#include "series/kept_time.h"
#include "series/store_impl.h"

namespace tocsin::series {
namespace {

using Block = HistogramHead::Block;
using model::HistogramSample;

constexpr std::size_t kBlockBytes =
    sizeof(std::array<HistogramSample, HistogramHead::kBlockSamples>) + sizeof(Block) + 32;

std::span<const HistogramSample> samples_of(const Block& block) {
  return {block.samples->data(), block.length};
}

class MixedSamples final : public PinnedSamples {
 public:
  MixedSamples(std::shared_ptr<const PinnedSamples> floats, std::vector<HistogramSample> older,
               std::vector<Block> blocks, std::int64_t shift_ms, std::int64_t floor_ms)
      : floats_(std::move(floats)),
        older_(std::move(older)),
        blocks_(std::move(blocks)),
        shift_ms_(shift_ms),
        floor_ms_(floor_ms) {}

  void read(std::int64_t min_time_ms, std::int64_t max_time_ms,
            std::vector<model::Sample>& out) const override {
    floats_->read(min_time_ms, max_time_ms, out);
  }
  std::optional<model::Sample> newest(std::int64_t min_time_ms,
                                      std::int64_t max_time_ms) const override {
    return floats_->newest(min_time_ms, max_time_ms);
  }
  bool floats_only() const override { return false; }

  void read_points(std::int64_t min_time_ms, std::int64_t max_time_ms, Points& out) const override {
    floats_->read_points(min_time_ms, max_time_ms, out);
    const std::int64_t from = std::max(kept_time(min_time_ms, shift_ms_), floor_ms_);
    const std::int64_t to = kept_time(max_time_ms, shift_ms_);
    read_run(older_, from, to, out);
    for (const Block& block : blocks_) {
      read_run(samples_of(block), from, to, out);
    }
  }

  std::optional<Point> newest_point(std::int64_t min_time_ms,
                                    std::int64_t max_time_ms) const override {
    auto point = floats_->newest_point(min_time_ms, max_time_ms);
    const std::int64_t from = std::max(kept_time(min_time_ms, shift_ms_), floor_ms_);
    const std::int64_t to = kept_time(max_time_ms, shift_ms_);
    const HistogramSample* newest = nullptr;
    for (auto block = blocks_.rbegin(); block != blocks_.rend() && newest == nullptr; ++block) {
      newest = newest_of(samples_of(*block), to);
    }
    if (newest == nullptr) {
      newest = newest_of(older_, to);
    }
    if (newest != nullptr && newest->time_ms >= from &&
        (!point || newest->time_ms + shift_ms_ > point->time_ms)) {
      const HistogramSample sample = shown(*newest);
      point = Point{sample.time_ms, 0, sample.histogram, sample.start_ms};
    }
    return point;
  }

  Extent extent() const override {
    Extent extent = floats_->extent();
    add(extent, older_);
    for (const Block& block : blocks_) {
      add(extent, samples_of(block));
    }
    return extent;
  }

 private:
  void add(Extent& extent, std::span<const HistogramSample> samples) const {
    const auto first = std::ranges::lower_bound(samples, floor_ms_, {}, &HistogramSample::time_ms);
    if (first != samples.end()) {
      extent.add(first->time_ms + shift_ms_, samples.back().time_ms + shift_ms_);
    }
  }

  static const HistogramSample* newest_of(std::span<const HistogramSample> samples,
                                          std::int64_t to) {
    const auto behind = std::ranges::upper_bound(samples, to, {}, &HistogramSample::time_ms);
    return behind == samples.begin() ? nullptr : &*(behind - 1);
  }

  void read_run(std::span<const HistogramSample> samples, std::int64_t from, std::int64_t to,
                Points& out) const {
    auto at = std::ranges::lower_bound(samples, from, {}, &HistogramSample::time_ms);
    for (; at != samples.end() && at->time_ms <= to; ++at) {
      out.histograms.push_back(shown(*at));
    }
  }

  HistogramSample shown(HistogramSample sample) const {
    sample.time_ms += shift_ms_;
    sample.start_ms += sample.start_ms != 0 ? shift_ms_ : 0;
    return sample;
  }

  std::shared_ptr<const PinnedSamples> floats_;
  std::vector<HistogramSample> older_;
  std::vector<Block> blocks_;
  std::int64_t shift_ms_;
  std::int64_t floor_ms_;
};

}  // namespace

std::int64_t HistogramHead::first_time_ms() const {
  return blocks_.front().samples->front().time_ms;
}

const HistogramSample& HistogramHead::last() const {
  const Block& block = blocks_.back();
  return (*block.samples)[block.length - 1];
}

void HistogramHead::append(HistogramSample sample, bool after_float) {
  const model::Histogram* previous = empty() || after_float ? nullptr : last().histogram.get();
  if (!sample.histogram->is_stale()) {
    sample.histogram =
        model::with_reset(sample.histogram, model::hint_after(*sample.histogram, previous));
  }
  adopt(std::move(sample));
}

void HistogramHead::adopt(HistogramSample sample) {
  if (empty() || blocks_.back().length == kBlockSamples) {
    blocks_.push_back({std::make_shared<std::array<HistogramSample, kBlockSamples>>(), 0});
    bytes_ += kBlockBytes;
  }
  bytes_ += sample.histogram->bytes();
  Block& block = blocks_.back();
  (*block.samples)[block.length] = std::move(sample);
  ++block.length;
}

void HistogramHead::replace(HistogramSample sample) {
  for (Block& block : blocks_) {
    for (std::size_t i = 0; i < block.length; ++i) {
      if ((*block.samples)[i].time_ms == sample.time_ms) {
        auto copy = std::make_shared<std::array<HistogramSample, kBlockSamples>>(*block.samples);
        bytes_ += sample.histogram->bytes() - (*copy)[i].histogram->bytes();
        (*copy)[i] = std::move(sample);
        block.samples = std::move(copy);
        return;
      }
    }
  }
  TOCSIN_CHECK(false, "no histogram to replace");
}

std::size_t HistogramHead::drop_before(std::int64_t time_ms) {
  std::size_t dropped = 0;
  auto keep = blocks_.begin();
  while (keep != blocks_.end() && samples_of(*keep).back().time_ms < time_ms) {
    dropped += keep->length;
    bytes_ -= kBlockBytes;
    for (const HistogramSample& sample : samples_of(*keep)) {
      bytes_ -= sample.histogram->bytes();
    }
    ++keep;
  }
  blocks_.erase(blocks_.begin(), keep);
  return dropped;
}

model::HistogramPtr HistogramHead::at(std::int64_t time_ms) const {
  for (auto block = blocks_.rbegin(); block != blocks_.rend(); ++block) {
    const auto samples = samples_of(*block);
    const auto found = std::ranges::lower_bound(samples, time_ms, {}, &HistogramSample::time_ms);
    if (found != samples.end() && found->time_ms == time_ms) {
      return found->histogram;
    }
  }
  return nullptr;
}

std::size_t HistogramHead::samples() const {
  std::size_t count = 0;
  for (const Block& block : blocks_) {
    count += block.length;
  }
  return count;
}

std::shared_ptr<const PinnedSamples> PinHistograms::pin() {
  if (head != nullptr) {
    // Whatever is held twice is right in memory.
    const std::int64_t end_ms = head->first_time_ms();
    std::erase_if(older,
                  [end_ms](const HistogramSample& sample) { return sample.time_ms >= end_ms; });
  }
  return std::make_shared<const MixedSamples>(
      std::move(floats), std::move(older),
      head != nullptr ? head->blocks_ : std::vector<HistogramHead::Block>(), shift_ms, floor_ms);
}

std::int64_t Series::newest_ms() const {
  std::int64_t newest = std::numeric_limits<std::int64_t>::min();
  if (!head.empty()) {
    newest = head.last_time_ms();
  }
  return histograms ? std::max(newest, histograms->last().time_ms) : newest;
}

std::size_t Series::drop_before(std::int64_t time_ms) {
  std::size_t dropped = head.drop_before(time_ms);
  if (histograms) {
    dropped += histograms->drop_before(time_ms);
    if (histograms->empty()) {
      histograms.reset();
    }
  }
  return dropped;
}

}  // namespace tocsin::series
