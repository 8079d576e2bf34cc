#include "series/histogram_codec.h"

#include <memory>
#include <utility>

namespace tocsin::series {
namespace {

void put_buckets(ByteWriter& writer, const model::HistogramBuckets& buckets) {
  writer.varint(buckets.size());
  std::int64_t index = 0;
  for (const model::HistogramBucket& bucket : buckets) {
    writer.zigzag(bucket.index - index);
    index = bucket.index;
    writer.value(bucket.count);
  }
}

model::HistogramBuckets take_buckets(ByteReader& reader) {
  model::HistogramBuckets buckets;
  const std::uint64_t count = reader.varint();
  std::int64_t index = 0;
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    index = wrapping_sum(index, reader.zigzag());
    const double population = reader.value();
    buckets.push_back({static_cast<std::int32_t>(index), population});
  }
  return buckets;
}

}  // namespace

void put_histogram(ByteWriter& writer, const model::HistogramSample& sample,
                   std::int64_t after_ms) {
  const model::Histogram& histogram = *sample.histogram;
  writer.zigzag(wrapping_difference(sample.time_ms, after_ms));
  // When counting began lies before the sample, mostly.
  writer.varint(sample.start_ms != 0 ? 1 : 0);
  if (sample.start_ms != 0) {
    writer.zigzag(wrapping_difference(sample.time_ms, sample.start_ms));
  }
  writer.zigzag(histogram.schema);
  writer.varint(static_cast<std::uint64_t>(histogram.reset));
  writer.value(histogram.zero_threshold);
  writer.value(histogram.zero_count);
  writer.value(histogram.count);
  writer.value(histogram.sum);
  put_buckets(writer, histogram.positive);
  put_buckets(writer, histogram.negative);
  writer.varint(histogram.bounds.size());
  for (const double bound : histogram.bounds) {
    writer.value(bound);
  }
}

model::HistogramSample take_histogram(ByteReader& reader, std::int64_t after_ms) {
  model::HistogramSample sample;
  auto histogram = std::make_shared<model::Histogram>();
  sample.time_ms = wrapping_sum(after_ms, reader.zigzag());
  if (reader.varint() != 0) {
    sample.start_ms = wrapping_difference(sample.time_ms, reader.zigzag());
  }
  histogram->schema = static_cast<std::int32_t>(reader.zigzag());
  const std::uint64_t reset = reader.varint();
  if (reset <= static_cast<std::uint64_t>(model::CounterReset::kGauge)) {
    histogram->reset = static_cast<model::CounterReset>(reset);
  } else {
    reader.refuse();
  }
  histogram->zero_threshold = reader.value();
  histogram->zero_count = reader.value();
  histogram->count = reader.value();
  histogram->sum = reader.value();
  histogram->positive = take_buckets(reader);
  histogram->negative = take_buckets(reader);
  const std::uint64_t bounds = reader.varint();
  for (std::uint64_t i = 0; i < bounds && reader.ok(); ++i) {
    histogram->bounds.push_back(reader.value());
  }
  sample.histogram = std::move(histogram);
  return sample;
}

}  // namespace tocsin::series
