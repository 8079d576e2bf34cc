#include "series/block.h"

#include <boost/unordered/unordered_flat_map.hpp>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "series/bytes.h"
#include "series/histogram_codec.h"
#include "series/index.h"

namespace tocsin::series {
namespace {

// "tocsinB" and the version of the layout.
constexpr std::uint64_t kMagic = 0x0142'6e69'7363'6f74;

constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();

/// Numbers texts and labels in the order of their first use.
class Names {
 public:
  std::uint32_t number(const model::Label& label) {
    const std::uint64_t key =
        (std::uint64_t{number(label.name)} << 32) | std::uint64_t{number(label.value)};
    const auto [found, added] = pairs_.try_emplace(key, static_cast<std::uint32_t>(pairs_.size()));
    if (added) {
      pair_writer_.varint(key >> 32);
      pair_writer_.varint(key & kMost);
    }
    return found->second;
  }
  std::size_t texts() const { return texts_.size(); }
  std::size_t pairs() const { return pairs_.size(); }
  std::string take() { return text_writer_.take() + pair_writer_.take(); }

 private:
  std::uint32_t number(const model::Symbol& symbol) {
    const auto [found, added] =
        texts_.try_emplace(symbol, static_cast<std::uint32_t>(texts_.size()));
    if (added) {
      text_writer_.text(symbol.view());
    }
    return found->second;
  }

  boost::unordered_flat_map<model::Symbol, std::uint32_t, SymbolHash, SymbolEqual> texts_;
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> pairs_;
  ByteWriter text_writer_;
  ByteWriter pair_writer_;
};

std::string histogram_bytes(const std::vector<model::HistogramSample>& histograms) {
  if (histograms.empty()) {
    return {};
  }
  ByteWriter writer;
  writer.varint(histograms.size());
  std::int64_t time_ms = 0;
  for (const model::HistogramSample& sample : histograms) {
    put_histogram(writer, sample, time_ms);
    time_ms = sample.time_ms;
  }
  return writer.take();
}

/// Damaged ones end where they stop making sense.
std::vector<model::HistogramSample> read_histograms(std::string_view bytes) {
  std::vector<model::HistogramSample> histograms;
  ByteReader reader(bytes);
  const std::uint64_t count = bytes.empty() ? 0 : reader.varint();
  std::int64_t time_ms = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    model::HistogramSample sample = take_histogram(reader, time_ms);
    if (!reader.ok()) {
      break;
    }
    time_ms = sample.time_ms;
    histograms.push_back(std::move(sample));
  }
  return histograms;
}

void put_entry(ByteWriter& entries, const BlockSeries& one, std::int64_t id_before) {
  entries.zigzag(static_cast<std::int64_t>(one.id) - id_before);
  entries.fixed(one.labels.hash());
  entries.varint(one.chunk.count);
  if (one.chunk.count > 0) {
    entries.zigzag(one.chunk.min_time_ms);
    entries.zigzag(wrapping_difference(one.chunk.max_time_ms, one.chunk.min_time_ms));
    entries.zigzag(wrapping_difference(one.chunk.max_time_ms, one.before_last_ms));
    entries.value(one.last.value);
    entries.varint(one.chunk.size);
  }
}

base::Error corrupt() { return {base::ErrorCode::kCorrupt, "the block contradicts itself"}; }

}  // namespace

BlockSeries encode_series(std::uint32_t id, model::Labels labels, const Points& points) {
  BlockSeries encoded{.id = id, .labels = std::move(labels), .chunk = {}};
  const std::vector<model::Sample>& samples = points.floats;
  if (!samples.empty()) {
    ChunkWriter writer;
    for (const model::Sample& sample : samples) {
      writer.append(sample);
    }
    encoded.chunk = writer.finish();
    encoded.last = samples.back();
    encoded.before_last_ms = samples[samples.size() - (samples.size() > 1 ? 2 : 1)].time_ms;
  }
  encoded.histograms = points.histograms;
  return encoded;
}

std::string encode_block(const std::vector<BlockSeries>& series) {
  Names names;
  ByteWriter entries;
  std::string samples;
  std::int64_t id = 0;
  for (const BlockSeries& one : series) {
    entries.varint(one.labels.size());
    for (const model::Label& label : one.labels) {
      entries.varint(names.number(label));
    }
    put_entry(entries, one, id);
    id = one.id;
    const std::string histograms = histogram_bytes(one.histograms);
    entries.varint(histograms.size());
    samples.append(reinterpret_cast<const char*>(one.chunk.bytes.get()), one.chunk.size);
    samples += histograms;
  }
  ByteWriter head;
  head.fixed(kMagic);
  head.varint(names.texts());
  head.varint(names.pairs());
  head.varint(series.size());
  std::string blob = head.take();
  const std::string name_bytes = names.take();
  const std::string entry_bytes = entries.take();
  blob.reserve(blob.size() + name_bytes.size() + entry_bytes.size() + samples.size() +
               kChunkPadding);
  blob += name_bytes;
  blob += entry_bytes;
  blob += samples;
  blob.append(kChunkPadding, '\0');
  return blob;
}

bool Block::parse_names(ByteReader& reader, std::uint64_t symbols, std::uint64_t pairs) {
  symbols_.reserve(symbols);
  for (std::uint64_t i = 0; i < symbols; ++i) {
    symbols_.emplace_back(reader.text());
  }
  pairs_.reserve(pairs);
  for (std::uint64_t i = 0; i < pairs && reader.ok(); ++i) {
    const std::uint64_t name = reader.varint();
    const std::uint64_t value = reader.varint();
    if (name >= symbols || value >= symbols) {
      return false;
    }
    pairs_.push_back({static_cast<std::uint32_t>(name), static_cast<std::uint32_t>(value)});
  }
  return reader.ok();
}

bool Block::parse_entry(ByteReader& reader, Entry& entry) {
  const std::uint64_t labels = reader.varint();
  if (labels > reader.left()) {
    return false;
  }
  entry.first_label = static_cast<std::uint32_t>(label_numbers_.size());
  entry.labels = static_cast<std::uint32_t>(labels);
  for (std::uint64_t label = 0; label < labels; ++label) {
    const std::uint64_t number = reader.varint();
    if (number >= pairs_.size()) {
      return false;
    }
    label_numbers_.push_back(static_cast<std::uint32_t>(number));
  }
  entry.id += static_cast<std::uint32_t>(reader.zigzag());
  entry.hash = reader.fixed();
  const std::uint64_t count = reader.varint();
  if (count > 0) {
    entry.count = static_cast<std::uint32_t>(count);
    entry.min_time_ms = reader.zigzag();
    entry.max_time_ms = wrapping_sum(entry.min_time_ms, reader.zigzag());
    entry.before_last_ms = wrapping_difference(entry.max_time_ms, reader.zigzag());
    entry.last_value = reader.value();
    const std::uint64_t size = reader.varint();
    // A value and then two bits a sample are the least that a chunk can be.
    if (count > kMost || size > kMost || size * 8 < 64 + (count - 1) * 2) {
      return false;
    }
    entry.size = static_cast<std::uint32_t>(size);
  }
  const std::uint64_t histograms = reader.varint();
  entry.histogram_bytes = static_cast<std::uint32_t>(histograms);
  return histograms <= kMost;
}

base::Result<Block> Block::parse(std::shared_ptr<const std::string> blob) {
  Block block;
  block.blob_ = std::move(blob);
  ByteReader reader(*block.blob_);
  const bool magic = reader.fixed() == kMagic;
  const std::uint64_t symbols = reader.varint();
  const std::uint64_t pairs = reader.varint();
  const std::uint64_t series = reader.varint();
  // Each symbol, each label and each series takes a byte at least.
  if (!reader.ok() || !magic || symbols > reader.left() || pairs > reader.left() ||
      series > reader.left() || !block.parse_names(reader, symbols, pairs)) {
    return corrupt();
  }
  block.entries_.reserve(series);
  std::size_t bytes = 0;
  std::uint32_t id = 0;
  for (std::uint64_t i = 0; i < series && reader.ok(); ++i) {
    Entry entry{.id = id};
    if (!block.parse_entry(reader, entry)) {
      return corrupt();
    }
    id = entry.id;
    entry.offset = bytes;
    bytes += std::size_t{entry.size} + entry.histogram_bytes;
    block.entries_.push_back(entry);
  }
  if (!reader.ok() || reader.left() != bytes + kChunkPadding) {
    return corrupt();
  }
  const std::size_t begin = block.blob_->size() - reader.left();
  for (Entry& entry : block.entries_) {
    entry.offset += begin;
  }
  return block;
}

BlockSeries Block::samples(std::size_t index) const {
  const Entry& entry = entries_[index];
  BlockSeries series{.id = entry.id, .labels = {}, .chunk = {}};
  if (entry.count > 0) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(blob_->data() + entry.offset);
    series.chunk = {.bytes = std::shared_ptr<const std::uint8_t[]>(blob_, bytes),
                    .min_time_ms = entry.min_time_ms,
                    .max_time_ms = entry.max_time_ms,
                    .size = entry.size,
                    .count = entry.count};
    series.last = {entry.max_time_ms, entry.last_value};
    series.before_last_ms = entry.before_last_ms;
  }
  if (entry.histogram_bytes > 0) {
    series.histograms = read_histograms(
        std::string_view(*blob_).substr(entry.offset + entry.size, entry.histogram_bytes));
  }
  return series;
}

BlockSeries Block::series(std::size_t index) const {
  const Entry& entry = entries_[index];
  std::vector<model::Label> labels;
  labels.reserve(entry.labels);
  for (const std::uint32_t number : labels_of(index)) {
    labels.push_back(label(number));
  }
  BlockSeries series = samples(index);
  series.labels = model::Labels(std::move(labels), entry.hash);
  return series;
}

std::vector<std::size_t> Block::select(const model::Matchers& matchers) const {
  // What each matcher says to each text, asked once.
  enum class Answer : std::uint8_t { kUnknown, kNo, kYes };
  std::vector<std::vector<Answer>> answers(matchers.size(), std::vector<Answer>(symbols_.size()));
  const auto accepts = [&](const Entry& entry, std::size_t which) {
    const model::Matcher& matcher = matchers[which];
    for (std::uint32_t i = 0; i < entry.labels; ++i) {
      const Pair& pair = pairs_[label_numbers_[entry.first_label + i]];
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
