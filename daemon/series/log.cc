#include "series/log.h"

#include <bit>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cmath>

#include "series/bytes.h"
#include "series/index.h"

namespace tocsin::series {
namespace {

constexpr std::uint64_t kVersion = 1;

// Integers up to 2^53 either way are exact, and most samples are small ones. The lowest bit tells
// them from the eight bytes of any other value, negative zero included.
void put_value(ByteWriter& writer, double value) {
  constexpr double kExact = 9007199254740992.0;
  if (value >= -kExact && value <= kExact && value == std::trunc(value) &&
      !(value == 0 && std::signbit(value))) {
    const auto whole = static_cast<std::int64_t>(value);
    const auto folded =
        (static_cast<std::uint64_t>(whole) << 1) ^ static_cast<std::uint64_t>(whole >> 63);
    writer.varint(folded << 1);
    return;
  }
  writer.varint(1);
  writer.fixed(std::bit_cast<std::uint64_t>(value));
}

double take_value(ByteReader& reader) {
  const std::uint64_t first = reader.varint();
  if ((first & 1) != 0) {
    return std::bit_cast<double>(reader.fixed());
  }
  const std::uint64_t folded = first >> 1;
  return static_cast<double>(static_cast<std::int64_t>((folded >> 1) ^ (0 - (folded & 1))));
}

/// Texts by number; the first use of each brings it along.
class TextWriter {
 public:
  void put(ByteWriter& writer, const model::Symbol& symbol) {
    const auto [found, added] = numbers_.try_emplace(symbol, numbers_.size() + 1);
    if (added) {
      writer.varint(0);
      writer.text(symbol.view());
    } else {
      writer.varint(found->second);
    }
  }

 private:
  boost::unordered_flat_map<model::Symbol, std::uint64_t, SymbolHash, SymbolEqual> numbers_;
};

class TextReader {
 public:
  /// Empty when the number names nothing.
  model::Symbol take(ByteReader& reader) {
    const std::uint64_t number = reader.varint();
    if (number == 0) {
      return texts_.emplace_back(reader.text());
    }
    return number <= texts_.size() ? texts_[number - 1] : model::Symbol();
  }

 private:
  std::vector<model::Symbol> texts_;
};

// Runs of equal times, each with its length in front; a length of zero ends them.
void put_samples(ByteWriter& writer, const std::vector<LogBatch::Entry>& samples) {
  std::int64_t time_ms = 0;
  std::int64_t id = 0;
  for (std::size_t begin = 0; begin < samples.size();) {
    std::size_t end = begin;
    const std::int64_t run_time = samples[begin].sample.time_ms;
    while (end < samples.size() && samples[end].sample.time_ms == run_time) {
      ++end;
    }
    writer.varint(end - begin);
    writer.zigzag(run_time - time_ms);
    time_ms = run_time;
    for (; begin < end; ++begin) {
      writer.zigzag(static_cast<std::int64_t>(samples[begin].id) - id);
      id = samples[begin].id;
      put_value(writer, samples[begin].sample.value);
    }
  }
  writer.varint(0);
}

std::vector<LogBatch::Entry> take_samples(ByteReader& reader) {
  std::vector<LogBatch::Entry> samples;
  std::int64_t time_ms = 0;
  std::int64_t id = 0;
  while (const std::uint64_t count = reader.varint()) {
    time_ms = wrapping_sum(time_ms, reader.zigzag());
    for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
      id = wrapping_sum(id, reader.zigzag());
      const double value = take_value(reader);
      samples.push_back({static_cast<std::uint32_t>(id), {time_ms, value}});
    }
  }
  return samples;
}

base::Error corrupt() { return {base::ErrorCode::kCorrupt, "the log contradicts itself"}; }

}  // namespace

std::string encode_log(const LogBatch& batch) {
  ByteWriter writer;
  writer.varint(kVersion);
  TextWriter texts;
  writer.varint(batch.definitions.size());
  for (const LogBatch::Definition& definition : batch.definitions) {
    writer.varint(definition.id);
    writer.varint(definition.labels.size());
    for (const model::Label& label : definition.labels) {
      texts.put(writer, label.name);
      texts.put(writer, label.value);
    }
  }
  put_samples(writer, batch.samples);
  put_samples(writer, batch.replaced);
  return writer.take();
}

base::Result<LogBatch> decode_log(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.varint() != kVersion) {
    return corrupt();
  }
  LogBatch batch;
  TextReader texts;
  const std::uint64_t definitions = reader.varint();
  for (std::uint64_t i = 0; i < definitions && reader.ok(); ++i) {
    LogBatch::Definition definition;
    definition.id = static_cast<std::uint32_t>(reader.varint());
    const std::uint64_t count = reader.varint();
    std::vector<model::Label> labels;
    for (std::uint64_t label = 0; label < count && reader.ok(); ++label) {
      model::Symbol name = texts.take(reader);
      model::Symbol value = texts.take(reader);
      if (name.empty() || value.empty()) {
        return corrupt();
      }
      labels.push_back({std::move(name), std::move(value)});
    }
    definition.labels = model::Labels(std::move(labels));
    batch.definitions.push_back(std::move(definition));
  }
  batch.samples = take_samples(reader);
  batch.replaced = take_samples(reader);
  if (!reader.at_end()) {
    return corrupt();
  }
  if (!reader.ok()) {
    return corrupt();
  }
  return batch;
}

}  // namespace tocsin::series
