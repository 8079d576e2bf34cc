#include "sources/remote_write/histogram.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <protozero/pbf_reader.hpp>
#include <utility>
#include <vector>

namespace tocsin::sources::remote_write {
namespace {

using protozero::pbf_wire_type;
using protozero::tag_and_type;

struct Span {
  std::int32_t offset = 0;
  std::uint32_t length = 0;
};

/// The buckets of one side as they are sent: runs, and counts or differences of counts.
struct Side {
  std::vector<Span> spans;
  std::vector<std::int64_t> deltas;
  std::vector<double> counts;
};

/// More buckets than any histogram has; a lying span must not cost memory.
constexpr std::uint64_t kMaxBuckets = 100'000;

Span read_span(protozero::data_view message) {
  Span span;
  protozero::pbf_reader reader(message);
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, pbf_wire_type::varint):
        span.offset = reader.get_sint32();
        break;
      case tag_and_type(2, pbf_wire_type::varint):
        span.length = reader.get_uint32();
        break;
      default:
        reader.skip();
    }
  }
  return span;
}

template <typename Range, typename T>
void append(const Range& range, std::vector<T>& into) {
  into.insert(into.end(), range.begin(), range.end());
}

/// Buckets by index. False when runs and counts do not fit together.
bool buckets_of(const Side& side, bool is_float, model::HistogramBuckets& buckets) {
  std::uint64_t total = 0;
  for (const Span& span : side.spans) {
    total += span.length;
  }
  const std::size_t given = is_float ? side.counts.size() : side.deltas.size();
  if (total != given || total > kMaxBuckets) {
    return false;
  }
  buckets.reserve(given);
  std::int64_t index = 0;
  std::int64_t count = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < side.spans.size(); ++i) {
    const Span& span = side.spans[i];
    if (i > 0 && span.offset < 0) {
      return false;
    }
    index += span.offset;
    for (std::uint32_t j = 0; j < span.length; ++j, ++at, ++index) {
      double population = 0;
      if (is_float) {
        population = side.counts[at];
      } else {
        count += side.deltas[at];
        population = static_cast<double>(count);
      }
      if (population < 0 || index > std::numeric_limits<std::int32_t>::max() ||
          index < std::numeric_limits<std::int32_t>::min()) {
        return false;
      }
      buckets.push_back({static_cast<std::int32_t>(index), population});
    }
  }
  return true;
}

model::CounterReset reset_of(std::int32_t hint) {
  switch (hint) {
    case 1:
      return model::CounterReset::kReset;
    case 2:
      return model::CounterReset::kNotReset;
    case 3:
      return model::CounterReset::kGauge;
    default:
      return model::CounterReset::kUnknown;
  }
}

std::string fault_of(const model::Histogram& histogram) {
  using model::Histogram;
  const bool custom = histogram.schema == Histogram::kCustomSchema;
  if (!custom &&
      (histogram.schema < Histogram::kMinSchema || histogram.schema > Histogram::kMaxSchema)) {
    return "a histogram with the unknown schema " + std::to_string(histogram.schema);
  }
  if (histogram.count < 0 || histogram.zero_count < 0 || histogram.zero_threshold < 0) {
    return "a histogram with a negative count";
  }
  if (custom && (!histogram.negative.empty() || histogram.zero_count != 0)) {
    return "a histogram with custom buckets that has negative ones or a zero bucket";
  }
  for (std::size_t i = 1; i < histogram.bounds.size(); ++i) {
    if (!(histogram.bounds[i - 1] < histogram.bounds[i])) {
      return "a histogram whose custom bounds do not ascend";
    }
  }
  if (custom && !histogram.positive.empty() &&
      histogram.positive.back().index > static_cast<std::int32_t>(histogram.bounds.size())) {
    return "a histogram with more custom buckets than bounds";
  }
  double observed = histogram.zero_count;
  for (const model::HistogramBuckets* side : {&histogram.positive, &histogram.negative}) {
    for (const model::HistogramBucket& bucket : *side) {
      observed += bucket.count;
    }
  }
  // NaN observations are in no bucket. Float counts may carry rounding, which is not judged.
  const bool whole = histogram.count == std::floor(histogram.count);
  return whole && observed > histogram.count * (1 + 1e-9)
             ? "a histogram whose buckets hold more than its count"
             : "";
}

/// Reads a field that holds buckets of the side whose fields begin at `first`; false for others.
bool read_side(protozero::pbf_reader& reader, std::uint32_t first, Side& side) {
  const auto field = static_cast<std::uint32_t>(reader.tag());
  const bool packed = reader.wire_type() == pbf_wire_type::length_delimited;
  if (field == first && packed) {
    side.spans.push_back(read_span(reader.get_view()));
  } else if (field == first + 1 && packed) {
    append(reader.get_packed_sint64(), side.deltas);
  } else if (field == first + 1 && reader.wire_type() == pbf_wire_type::varint) {
    side.deltas.push_back(reader.get_sint64());
  } else if (field == first + 2 && packed) {
    append(reader.get_packed_double(), side.counts);
  } else {
    return false;
  }
  return true;
}

/// Reads a field that is one number, or passes over it.
void read_figure(protozero::pbf_reader& reader, model::Histogram& histogram,
                 model::HistogramSample& sample) {
  switch (reader.tag_and_type()) {
    case tag_and_type(1, pbf_wire_type::varint):
      histogram.count = static_cast<double>(reader.get_uint64());
      break;
    case tag_and_type(2, pbf_wire_type::fixed64):
      histogram.count = reader.get_double();
      break;
    case tag_and_type(3, pbf_wire_type::fixed64):
      histogram.sum = reader.get_double();
      break;
    case tag_and_type(4, pbf_wire_type::varint):
      histogram.schema = reader.get_sint32();
      break;
    case tag_and_type(5, pbf_wire_type::fixed64):
      histogram.zero_threshold = reader.get_double();
      break;
    case tag_and_type(6, pbf_wire_type::varint):
      histogram.zero_count = static_cast<double>(reader.get_uint64());
      break;
    case tag_and_type(7, pbf_wire_type::fixed64):
      histogram.zero_count = reader.get_double();
      break;
    case tag_and_type(14, pbf_wire_type::varint):
      histogram.reset = reset_of(reader.get_enum());
      break;
    case tag_and_type(15, pbf_wire_type::varint):
      sample.time_ms = reader.get_int64();
      break;
    case tag_and_type(16, pbf_wire_type::length_delimited):
      append(reader.get_packed_double(), histogram.bounds);
      break;
    case tag_and_type(17, pbf_wire_type::varint):
      sample.start_ms = reader.get_int64();
      break;
    default:
      reader.skip();
  }
}

}  // namespace

model::HistogramSample decode_histogram(protozero::data_view message, std::string& fault) {
  auto histogram = std::make_shared<model::Histogram>();
  model::HistogramSample sample;
  Side positive;
  Side negative;
  bool is_float = false;
  protozero::pbf_reader reader(message);
  while (reader.next()) {
    is_float = is_float || reader.tag() == 2;
    if (!read_side(reader, 8, negative) && !read_side(reader, 11, positive)) {
      read_figure(reader, *histogram, sample);
    }
  }
  const bool fits = buckets_of(positive, is_float, histogram->positive) &&
                    buckets_of(negative, is_float, histogram->negative);
  if (histogram->is_stale()) {
    histogram->positive.clear();
    histogram->negative.clear();
  } else if (!fits) {
    fault = "a histogram whose spans and counts do not fit together";
  } else {
    fault = fault_of(*histogram);
  }
  histogram->compact();
  sample.histogram = std::move(histogram);
  return sample;
}

}  // namespace tocsin::sources::remote_write
