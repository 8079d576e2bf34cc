// What a snapshot holds on to.
#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "series/kept_time.h"
#include "series/store_impl.h"

namespace tocsin::series {
namespace {

/// The pinned samples of one list of series. One block holds all of them, each series points into
/// it: a round pins thousands of series.
struct PinnedBlock {
  class Samples final : public PinnedSamples {
   public:
    void read(std::int64_t min_time_ms, std::int64_t max_time_ms,
              std::vector<model::Sample>& out) const override {
      fetch_ahead(2);
      const std::size_t begin = out.size();
      read_kept(std::max(kept_time(min_time_ms, block->shift_ms), floor_ms),
                kept_time(max_time_ms, block->shift_ms), out);
      if (block->shift_ms != 0) {
        for (std::size_t i = begin; i < out.size(); ++i) {
          out[i].time_ms += block->shift_ms;
        }
      }
    }

    void read_kept(std::int64_t from, std::int64_t to, std::vector<model::Sample>& out) const {
      for (std::size_t i = first; i < last; ++i) {
        block->chunks[i].read(from, to, out);
      }
      open.read(from, to, out);
      if (any && last_sample.time_ms >= from && last_sample.time_ms <= to) {
        out.push_back(last_sample);
      }
    }

    std::optional<model::Sample> newest(std::int64_t min_time_ms,
                                        std::int64_t max_time_ms) const override {
      auto sample = newest_kept(std::max(kept_time(min_time_ms, block->shift_ms), floor_ms),
                                kept_time(max_time_ms, block->shift_ms));
      if (sample) {
        sample->time_ms += block->shift_ms;
      }
      return sample;
    }

    std::optional<model::Sample> newest_kept(std::int64_t from, std::int64_t to) const {
      if (any && last_sample.time_ms <= to) {
        return last_sample.time_ms >= from ? std::optional(last_sample) : std::nullopt;
      }
      std::vector<model::Sample> samples;
      open.read(from, to, samples);
      for (std::size_t i = last; i > first && samples.empty(); --i) {
        block->chunks[i - 1].read(from, to, samples);
      }
      return samples.empty() ? std::nullopt : std::optional(samples.back());
    }

    // The series of a block are read one after the other, and their samples lie anywhere in memory.
    void fetch_ahead(std::size_t count) const {
      const std::size_t index = static_cast<std::size_t>(this - block->series.data()) + count;
      if (index < block->series.size()) {
        block->series[index].fetch();
      }
    }

    void fetch() const {
      if (open.size > 0) {
        fetch_bytes(open.words.data(), open.size * sizeof(std::uint64_t));
      }
      if (first < last) {
        fetch_bytes(block->chunks[first].bytes.get(), block->chunks[first].size);
      }
    }

    static void fetch_bytes(const void* from, std::size_t size) {
      constexpr std::size_t kLine = 64;
      for (std::size_t at = 0; at < size; at += kLine) {
        __builtin_prefetch(static_cast<const char*>(from) + at);
      }
    }

    Extent extent() const override {
      Extent extent;
      for (std::size_t i = first; i < last; ++i) {
        add(extent, block->chunks[i].min_time_ms, block->chunks[i].max_time_ms);
      }
      // The last sample is to become part of the open chunk.
      if (open.count > 0) {
        add(extent, open.min_time_ms, any ? last_sample.time_ms : open.max_time_ms);
      } else if (any) {
        add(extent, last_sample.time_ms, last_sample.time_ms);
      }
      return extent;
    }

    void add(Extent& extent, std::int64_t from_ms, std::int64_t to_ms) const {
      if (to_ms >= floor_ms) {
        extent.add(std::max(from_ms, floor_ms) + block->shift_ms, to_ms + block->shift_ms);
      }
    }

    const PinnedBlock* block = nullptr;
    std::size_t first = 0;  // sealed chunks: [first, last) of the block's
    std::size_t last = 0;
    OpenView open;
    model::Sample last_sample;
    bool any = false;  // a last sample
    std::int64_t floor_ms = 0;
  };

  std::vector<Chunk> chunks;
  std::vector<Samples> series;
  std::int64_t shift_ms = 0;  // of the store, when this was pinned
};

}  // namespace

void read_kept(const Head& head, std::int64_t from, std::int64_t to,
               std::vector<model::Sample>& out) {
  for (const Chunk& chunk : head.sealed()) {
    if (chunk.max_time_ms >= from && chunk.min_time_ms <= to) {
      chunk.read(from, to, out);
    }
  }
  head.open().read(from, to, out);
  if (!head.empty() && head.last_time_ms() >= from && head.last_time_ms() <= to) {
    out.push_back(head.last());
  }
}

Selection Store::Impl::kept(const Selection& selection) const {
  return {selection.matchers, std::max(kept_time(selection.min_time_ms, shift_ms), floor_ms),
          kept_time(selection.max_time_ms, shift_ms)};
}

namespace {

/// What blocks hold of one series, in the order of sealing.
struct Older {
  std::vector<Chunk> chunks;
  std::vector<model::HistogramSample> histograms;
};

using OlderSamples = boost::unordered_flat_map<model::Labels, Older, model::LabelsHash>;

OlderSamples gather(const std::vector<std::shared_ptr<const Extract>>& extracts) {
  OlderSamples older;
  for (const auto& extract : extracts) {
    for (const Extract::One& one : extract->series) {
      Older& known = older[one.labels];
      if (one.chunk.count > 0) {
        known.chunks.push_back(one.chunk);
      }
      auto& histograms = known.histograms;
      // Whatever is held twice is right in the later place.
      while (!histograms.empty() && !one.histograms.empty() &&
             histograms.back().time_ms >= one.histograms.front().time_ms) {
        histograms.pop_back();
      }
      histograms.insert(histograms.end(), one.histograms.begin(), one.histograms.end());
    }
  }
  return older;
}

/// Cuts each chunk where the next one begins, and the last before `end_ms`: whatever is held twice
/// is right in the later place.
void trim(std::vector<Chunk>& chunks, std::int64_t end_ms) {
  for (auto chunk = chunks.rbegin(); chunk != chunks.rend(); ++chunk) {
    if (chunk->max_time_ms >= end_ms) {
      chunk->max_time_ms = end_ms - 1;
    }
    end_ms = std::min(end_ms, chunk->min_time_ms);
  }
  std::erase_if(chunks, [](const Chunk& chunk) { return chunk.max_time_ms < chunk.min_time_ms; });
}

/// Collects the pinned series of one list.
class Pins {
 public:
  Pins(const Selection& kept, std::int64_t shift_ms, std::size_t most) : kept_(kept) {
    // The block's places must not move any more once something points at them.
    block_->series.reserve(most);
    list_.reserve(most);
    block_->shift_ms = shift_ms;
  }

  void begin() { first_ = block_->chunks.size(); }
  void add(const Chunk& chunk) {
    if (chunk.max_time_ms >= kept_.min_time_ms && chunk.min_time_ms <= kept_.max_time_ms) {
      block_->chunks.push_back(chunk);
    }
  }
  void add(std::vector<Chunk>& chunks, std::int64_t end_ms) {
    trim(chunks, end_ms);
    for (const Chunk& chunk : chunks) {
      add(chunk);
    }
  }
  bool any() const { return block_->chunks.size() > first_; }
  PinnedSeries& end(const model::Labels& labels) {
    PinnedBlock::Samples& pinned = block_->series.emplace_back();
    pinned.block = block_.get();
    pinned.floor_ms = kept_.min_time_ms;
    pinned.first = first_;
    pinned.last = block_->chunks.size();
    list_.push_back(
        {labels, 0, 0, std::shared_ptr<const PinnedSamples>(block_, &block_->series.back())});
    return list_.back();
  }
  void end(const model::Labels& labels, std::vector<model::HistogramSample> histograms) {
    mix(end(labels), std::move(histograms), nullptr);
  }
  void end(const Series& series, std::vector<model::HistogramSample> older = {}) {
    PinnedSeries& pinned = end(series.labels);
    pinned.origin = series.origin;
    pinned.ref = series.restored ? 0 : series.ref;
    PinnedBlock::Samples& samples = block_->series.back();
    samples.any = !series.head.empty();
    samples.last_sample = series.head.last();
    samples.open = series.head.open();
    mix(pinned, std::move(older), series.histograms.get());
  }
  std::vector<PinnedSeries> take() { return std::move(list_); }

 private:
  void mix(PinnedSeries& pinned, std::vector<model::HistogramSample> older,
           const HistogramHead* head) {
    if (head != nullptr || !older.empty()) {
      PinHistograms both{.floats = std::move(pinned.samples),
                         .older = std::move(older),
                         .head = head,
                         .shift_ms = block_->shift_ms,
                         .floor_ms = kept_.min_time_ms};
      pinned.samples = both.pin();
    }
  }

  const Selection& kept_;
  std::shared_ptr<PinnedBlock> block_ = std::make_shared<PinnedBlock>();
  std::vector<PinnedSeries> list_;
  std::size_t first_ = 0;
};

}  // namespace

// Series lie anywhere in memory, and point at what lies elsewhere again: the farther away, the less
// of it can be asked for.
void Store::Impl::fetch_ahead(const std::vector<Slot>& slots, std::size_t at) const {
  if (at + 12 < slots.size()) {
    const auto* series = reinterpret_cast<const char*>(table[slots[at + 12]].get());
    for (std::size_t i = 0; i < sizeof(Series); i += 64) {
      __builtin_prefetch(series + i);
    }
  }
  if (at + 8 < slots.size()) {
    const Series& series = *table[slots[at + 8]];
    __builtin_prefetch(series.labels.all().data());
    series.head.fetch();
  }
  if (at + 4 < slots.size()) {
    const std::span<const Chunk> sealed = table[slots[at + 4]]->head.sealed();
    __builtin_prefetch(sealed.data() + (sealed.empty() ? 0 : sealed.size() - 1));
  }
}

std::vector<PinnedSeries> Store::Impl::pin(const Selection& selection,
                                           std::span<const Provision> given) const {
  const std::shared_ptr<const std::vector<Slot>> slots = resolve(selection.matchers);
  const Selection want = kept(selection);
  OlderSamples older;
  if (options.durable && want.min_time_ms < memory_floor_ms) {
    older = gather(history.find(want, memory_floor_ms, given));
  }
  constexpr std::int64_t kEver = std::numeric_limits<std::int64_t>::max();
  Pins pins(want, shift_ms, slots->size() + older.size());
  for (std::size_t i = 0; i < slots->size(); ++i) {
    fetch_ahead(*slots, i);
    const Series& series = *table[(*slots)[i]];
    pins.begin();
    std::vector<model::HistogramSample> histograms;
    if (!older.empty()) {
      if (const auto found = older.find(series.labels); found != older.end()) {
        pins.add(found->second.chunks, series.head.empty() ? kEver : series.head.first_time_ms());
        histograms = std::move(found->second.histograms);
        older.erase(found);
      }
    }
    // Most look at the newest times: the chunks before those are not even touched.
    const std::span<const Chunk> sealed = series.head.sealed();
    std::size_t begin = sealed.size();
    while (begin > 0 && sealed[begin - 1].max_time_ms >= want.min_time_ms) {
      --begin;
    }
    for (const Chunk& chunk : sealed.subspan(begin)) {
      pins.add(chunk);
    }
    pins.end(series, std::move(histograms));
  }
  for (auto& [labels, gone] : older) {
    pins.begin();
    pins.add(gone.chunks, kEver);
    if (pins.any() || !gone.histograms.empty()) {
      pins.end(labels, std::move(gone.histograms));
    }
  }
  std::vector<PinnedSeries> list = pins.take();
  if (!older.empty()) {
    std::ranges::sort(list, {}, &PinnedSeries::labels);
  }
  return list;
}

std::vector<Unsealed> Store::unsealed(std::uint32_t from, std::uint32_t to) const {
  constexpr std::int64_t kEver = std::numeric_limits<std::int64_t>::max();
  const Selection all{{}, -kEver, kEver};
  std::vector<Unsealed> list;
  const std::shared_lock lock(impl_->mutex);
  const std::size_t end = std::min<std::size_t>(to, impl_->table.size());
  Pins pins(all, 0, end > from ? end - from : 0);
  for (std::size_t slot = from; slot < end; ++slot) {
    const Series* series = impl_->table[slot].get();
    if (series == nullptr || series->empty()) {
      continue;
    }
    const bool any = series->newest_ms() > series->sealed_ms;
    pins.begin();
    for (const Chunk& chunk : series->head.sealed()) {
      if (chunk.max_time_ms > series->sealed_ms) {
        pins.add(chunk);
      }
    }
    pins.end(*series);
    // A sample's time is after every other one's, so the next possible time will do.
    list.push_back({series->ref, series->labels, nullptr, any ? series->sealed_ms + 1 : 0, any});
  }
  std::vector<PinnedSeries> pinned = pins.take();
  for (std::size_t i = 0; i < list.size(); ++i) {
    list[i].samples = std::move(pinned[i].samples);
  }
  return list;
}

}  // namespace tocsin::series
