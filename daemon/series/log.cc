#include "series/log.h"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <iterator>

#include "series/bytes.h"
#include "series/histogram_codec.h"
#include "series/index.h"

namespace tocsin::series {
namespace {

constexpr std::uint64_t kVersion = 1;

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
      writer.value(samples[begin].sample.value);
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
    if (samples.empty()) {
      // Each takes two bytes at least. Times may be as many as samples: no exact room for later
      // ones.
      samples.reserve(std::min<std::uint64_t>(count, reader.left() / 2));
    }
    for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
      id = wrapping_sum(id, reader.zigzag());
      const double value = reader.value();
      samples.push_back({static_cast<std::uint32_t>(id), {time_ms, value}});
    }
  }
  return samples;
}

void put_histograms(ByteWriter& writer, const std::vector<LogBatch::HistogramEntry>& entries) {
  writer.varint(entries.size());
  for (const LogBatch::HistogramEntry& entry : entries) {
    writer.varint(entry.id);
    put_histogram(writer, entry.sample, 0);
  }
}

std::vector<LogBatch::HistogramEntry> take_histograms(ByteReader& reader) {
  std::vector<LogBatch::HistogramEntry> entries;
  const std::uint64_t count = reader.varint();
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    const auto id = static_cast<std::uint32_t>(reader.varint());
    entries.push_back({id, take_histogram(reader, 0)});
  }
  return entries;
}

base::Error corrupt() { return {base::ErrorCode::kCorrupt, "the log contradicts itself"}; }

}  // namespace

void LogBatch::add(LogBatch later) {
  const auto move = [](auto& from, auto& to) { std::ranges::move(from, std::back_inserter(to)); };
  move(later.definitions, definitions);
  move(later.samples, samples);
  move(later.replaced, replaced);
  move(later.histograms, histograms);
  move(later.replaced_histograms, replaced_histograms);
}

std::size_t LogBatch::shorten(std::size_t most) {
  std::size_t gone = 0;
  const auto bound = [&gone](auto& entries, std::size_t limit) {
    if (entries.size() > limit) {
      const std::size_t old = entries.size() - limit / 2;
      entries.erase(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(old));
      gone += old;
    }
  };
  bound(samples, most);
  bound(replaced, most);
  // One of them takes as much as some dozens of floats.
  bound(histograms, most / 32);
  bound(replaced_histograms, most / 32);
  return gone;
}

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
  put_histograms(writer, batch.histograms);
  put_histograms(writer, batch.replaced_histograms);
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
  batch.histograms = take_histograms(reader);
  batch.replaced_histograms = take_histograms(reader);
  if (!reader.ok() || !reader.at_end()) {
    return corrupt();
  }
  return batch;
}

}  // namespace tocsin::series
