#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "blocks/internal.h"
#include "series/block.h"
#include "series/log.h"

namespace tocsin::blocks {
namespace {

// Series that are pinned under one hold of the store's lock: some tenths of a millisecond.
constexpr std::uint32_t kPinnedAtOnce = 1024;

// What one row of the log holds at most: some megabytes.
constexpr std::size_t kDefinitionsPerRow = 20'000;
constexpr std::size_t kSamplesPerRow = 500'000;

/// Encodes what is to be sealed of one series.
series::BlockSeries encode(const series::Unsealed& unsealed, series::Points& points) {
  points.clear();
  if (unsealed.any) {
    unsealed.samples->read_points(unsealed.from_ms, std::numeric_limits<std::int64_t>::max(),
                                  points);
  }
  return series::encode_series(static_cast<std::uint32_t>(unsealed.ref >> 32), unsealed.labels,
                               points);
}

/// Counts what a block holds of a series; gives its newest sample.
std::optional<model::Sample> count(const series::BlockSeries& one, series::BlockInfo& info) {
  std::optional<model::Sample> newest;
  if (one.chunk.count > 0) {
    info.min_time_ms = std::min(info.min_time_ms, one.chunk.min_time_ms);
    info.samples += one.chunk.count;
    newest = one.last;
  }
  if (!one.histograms.empty()) {
    info.min_time_ms = std::min(info.min_time_ms, one.histograms.front().time_ms);
    info.samples += one.histograms.size();
    const std::int64_t time_ms = one.histograms.back().time_ms;
    if (!newest || time_ms > newest->time_ms) {
      newest = model::Sample{time_ms, 0};
    }
  }
  if (newest) {
    info.max_time_ms = std::max(info.max_time_ms, newest->time_ms);
  }
  return newest;
}

}  // namespace

series::BlockInfo describe_block(std::uint64_t id, const series::Block& block,
                                 std::uint64_t bytes) {
  series::BlockInfo info{.id = id,
                         .min_time_ms = std::numeric_limits<std::int64_t>::max(),
                         .max_time_ms = std::numeric_limits<std::int64_t>::min(),
                         .series = block.size(),
                         .bytes = bytes};
  for (std::size_t place = 0; place < block.size(); ++place) {
    count(block.samples(place), info);
  }
  if (info.samples == 0) {
    info.min_time_ms = info.max_time_ms = 0;
  }
  return info;
}

base::Result<SealedRange> seal_range(SeriesFile& file, const series::Store& store,
                                     std::uint32_t from, std::uint32_t to, std::uint64_t id) {
  SealedRange range;
  series::BlockInfo info{.id = id,
                         .min_time_ms = std::numeric_limits<std::int64_t>::max(),
                         .max_time_ms = std::numeric_limits<std::int64_t>::min()};
  std::vector<series::BlockSeries> encoded;
  series::Points points;
  for (; from < to; from += kPinnedAtOnce) {
    for (const series::Unsealed& unsealed :
         store.unsealed(from, std::min(to, from + kPinnedAtOnce))) {
      encoded.push_back(encode(unsealed, points));
      if (const auto newest = count(encoded.back(), info)) {
        range.series.push_back({unsealed.ref, *newest});
      }
    }
  }
  if (encoded.empty()) {
    return range;
  }
  if (info.samples == 0) {
    // It still names the series, which the log calls by number.
    info.min_time_ms = info.max_time_ms = 0;  // of no sample
  }
  info.series = encoded.size();
  const std::string blob = series::encode_block(encoded);
  info.bytes = blob.size();
  if (base::Status put = file.put(info, blob); !put) {
    return put.error();
  }
  range.block = info;
  return range;
}

base::Result<LogWritten> write_log(SeriesFile& file, const series::LogBatch& batch) {
  LogWritten written;
  std::size_t definition = 0;
  std::size_t sample = 0;
  bool more = !batch.empty();
  while (more) {
    series::LogBatch part;
    const std::size_t definitions =
        std::min(batch.definitions.size() - definition, kDefinitionsPerRow);
    const auto first = batch.definitions.begin() + static_cast<std::ptrdiff_t>(definition);
    part.definitions.assign(first, first + static_cast<std::ptrdiff_t>(definitions));
    definition += definitions;
    // Samples only once everything that they refer to is written.
    if (definition == batch.definitions.size()) {
      const std::size_t samples = std::min(batch.samples.size() - sample, kSamplesPerRow);
      const auto begin = batch.samples.begin() + static_cast<std::ptrdiff_t>(sample);
      part.samples.assign(begin, begin + static_cast<std::ptrdiff_t>(samples));
      sample += samples;
    }
    more = definition < batch.definitions.size() || sample < batch.samples.size();
    if (!more) {
      part.replaced = batch.replaced;
      part.histograms = batch.histograms;
      part.replaced_histograms = batch.replaced_histograms;
    }
    const std::string bytes = series::encode_log(part);
    series::LogBatch names;
    names.definitions = std::move(part.definitions);
    const auto row =
        file.append_log(bytes, names.empty() ? std::string() : series::encode_log(names));
    if (!row) {
      return row.error();
    }
    written.bytes += bytes.size();
    written.last_row = *row;
  }
  return written;
}

}  // namespace tocsin::blocks
