#include "series/block.h"

#include <boost/unordered/unordered_flat_map.hpp>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "series/bytes.h"
#include "series/index.h"

namespace tocsin::series {
namespace {

// "tocsinB" and the version of the layout.
constexpr std::uint64_t kMagic = 0x0142'6e69'7363'6f74;

constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();

/// Numbers the texts in the order of their first use.
class Texts {
 public:
  std::uint32_t number(const model::Symbol& symbol) {
    const auto [found, added] =
        numbers_.try_emplace(symbol, static_cast<std::uint32_t>(numbers_.size()));
    if (added) {
      writer_.text(symbol.view());
    }
    return found->second;
  }
  std::size_t size() const { return numbers_.size(); }
  std::string take() { return writer_.take(); }

 private:
  boost::unordered_flat_map<model::Symbol, std::uint32_t, SymbolHash, SymbolEqual> numbers_;
  ByteWriter writer_;
};

base::Error corrupt() { return {base::ErrorCode::kCorrupt, "the block contradicts itself"}; }

}  // namespace

std::string encode_block(const std::vector<BlockSeries>& series) {
  Texts texts;
  ByteWriter entries;
  std::size_t chunk_bytes = 0;
  for (const BlockSeries& one : series) {
    entries.varint(one.id);
    entries.varint(one.labels.size());
    for (const model::Label& label : one.labels) {
      entries.varint(texts.number(label.name));
      entries.varint(texts.number(label.value));
    }
    entries.fixed(one.labels.hash());
    entries.varint(one.chunk.count);
    if (one.chunk.count > 0) {
      entries.zigzag(one.chunk.min_time_ms);
      entries.zigzag(one.chunk.max_time_ms - one.chunk.min_time_ms);
      entries.varint(one.chunk.size);
      chunk_bytes += one.chunk.size;
    }
  }
  const std::size_t symbols = texts.size();
  const std::string text_bytes = texts.take();
  const std::string entry_bytes = entries.take();

  ByteWriter head;
  head.fixed(kMagic);
  head.varint(symbols);
  head.varint(series.size());
  std::string blob = head.take();
  blob.reserve(blob.size() + text_bytes.size() + entry_bytes.size() + chunk_bytes + kChunkPadding);
  blob += text_bytes;
  blob += entry_bytes;
  for (const BlockSeries& one : series) {
    blob.append(reinterpret_cast<const char*>(one.chunk.bytes.get()), one.chunk.size);
  }
  blob.append(kChunkPadding, '\0');
  return blob;
}

base::Result<Block> Block::parse(std::shared_ptr<const std::string> blob) {
  Block block;
  block.blob_ = std::move(blob);
  ByteReader reader(*block.blob_);
  const bool magic = reader.fixed() == kMagic;
  const std::uint64_t symbols = reader.varint();
  const std::uint64_t series = reader.varint();
  // Each symbol and each series takes a byte at least.
  if (!reader.ok() || !magic || symbols > reader.left() || series > reader.left()) {
    return corrupt();
  }
  block.symbols_.reserve(symbols);
  for (std::uint64_t i = 0; i < symbols; ++i) {
    block.symbols_.emplace_back(reader.text());
  }
  block.entries_.reserve(series);
  std::size_t chunk_bytes = 0;
  for (std::uint64_t i = 0; i < series && reader.ok(); ++i) {
    Entry entry;
    entry.id = static_cast<std::uint32_t>(reader.varint());
    const std::uint64_t labels = reader.varint();
    if (labels > reader.left()) {
      return corrupt();
    }
    entry.first_label = static_cast<std::uint32_t>(block.pairs_.size());
    entry.labels = static_cast<std::uint32_t>(labels);
    for (std::uint64_t label = 0; label < labels; ++label) {
      const std::uint64_t name = reader.varint();
      const std::uint64_t value = reader.varint();
      if (name >= symbols || value >= symbols) {
        return corrupt();
      }
      block.pairs_.push_back({static_cast<std::uint32_t>(name), static_cast<std::uint32_t>(value)});
    }
    entry.hash = reader.fixed();
    const std::uint64_t count = reader.varint();
    if (count > 0) {
      entry.count = static_cast<std::uint32_t>(count);
      entry.min_time_ms = reader.zigzag();
      entry.max_time_ms = wrapping_sum(entry.min_time_ms, reader.zigzag());
      const std::uint64_t size = reader.varint();
      // A value and then two bits a sample are the least that a chunk can be.
      if (count > kMost || size > kMost || size * 8 < 64 + (count - 1) * 2) {
        return corrupt();
      }
      entry.size = static_cast<std::uint32_t>(size);
      entry.offset = chunk_bytes;
      chunk_bytes += size;
    }
    block.entries_.push_back(entry);
  }
  if (!reader.ok() || reader.left() != chunk_bytes + kChunkPadding) {
    return corrupt();
  }
  const std::size_t begin = block.blob_->size() - reader.left();
  for (Entry& entry : block.entries_) {
    entry.offset += begin;
  }
  return block;
}

BlockSeries Block::series(std::size_t index) const {
  const Entry& entry = entries_[index];
  std::vector<model::Label> labels;
  labels.reserve(entry.labels);
  for (std::uint32_t i = 0; i < entry.labels; ++i) {
    const Pair& pair = pairs_[entry.first_label + i];
    labels.push_back({symbols_[pair.name], symbols_[pair.value]});
  }
  BlockSeries series{
      .id = entry.id, .labels = model::Labels(std::move(labels), entry.hash), .chunk = {}};
  if (entry.count > 0) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(blob_->data() + entry.offset);
    series.chunk = {.bytes = std::shared_ptr<const std::uint8_t[]>(blob_, bytes),
                    .min_time_ms = entry.min_time_ms,
                    .max_time_ms = entry.max_time_ms,
                    .size = entry.size,
                    .count = entry.count};
  }
  return series;
}

std::vector<std::size_t> Block::select(const model::Matchers& matchers) const {
  // What each matcher says to each text, asked once.
  enum class Answer : std::uint8_t { kUnknown, kNo, kYes };
  std::vector<std::vector<Answer>> answers(matchers.size(), std::vector<Answer>(symbols_.size()));
  const auto accepts = [&](const Entry& entry, std::size_t which) {
    const model::Matcher& matcher = matchers[which];
    for (std::uint32_t i = 0; i < entry.labels; ++i) {
      const Pair& pair = pairs_[entry.first_label + i];
      if (symbols_[pair.name].view() != matcher.name()) {
        continue;
      }
      Answer& answer = answers[which][pair.value];
      if (answer == Answer::kUnknown) {
        answer = matcher.matches(symbols_[pair.value].view()) ? Answer::kYes : Answer::kNo;
      }
      return answer == Answer::kYes;
    }
    return matcher.matches("");
  };
  std::vector<std::size_t> places;
  for (std::size_t place = 0; place < entries_.size(); ++place) {
    bool all = true;
    for (std::size_t which = 0; which < matchers.size() && all; ++which) {
      all = accepts(entries_[place], which);
    }
    if (all) {
      places.push_back(place);
    }
  }
  return places;
}

}  // namespace tocsin::series
