#pragma once

#include <snappy.h>

#include <cstdint>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <utility>
#include <vector>

namespace tocsin::sources::testing {

using Pairs = std::vector<std::pair<std::string, std::string>>;
using Points = std::vector<std::pair<std::int64_t, double>>;

/// Compresses as remote write wants it.
inline std::string snappy_block(const std::string& text) {
  std::string out;
  snappy::Compress(text.data(), text.size(), &out);
  return out;
}

inline std::string encode_point(std::int64_t time_ms, double value) {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_double(1, value);
  writer.add_int64(2, time_ms);
  return out;
}

/// A series of prometheus.WriteRequest; fields can be added behind.
inline std::string v1_series(const Pairs& labels, const Points& points) {
  std::string out;
  protozero::pbf_writer writer(out);
  for (const auto& [name, value] : labels) {
    std::string label;
    protozero::pbf_writer pair(label);
    pair.add_string(1, name);
    pair.add_string(2, value);
    writer.add_message(1, label);
  }
  for (const auto& [time, value] : points) {
    writer.add_message(2, encode_point(time, value));
  }
  return out;
}

inline std::string v1_request(const std::vector<std::string>& series) {
  std::string out;
  protozero::pbf_writer writer(out);
  for (const std::string& one : series) {
    writer.add_message(1, one);
  }
  return out;
}

/// Spans (offset, length) and differences of counts.
struct Buckets {
  std::vector<std::pair<int, int>> spans;
  std::vector<std::int64_t> deltas;
};

/// The message Histogram of both versions, a gauge that has counted since 400.
inline std::string histogram(std::uint64_t count, const Buckets& positive,
                             const Buckets& negative = {}, std::int32_t schema = 0,
                             std::vector<double> bounds = {}, std::int64_t time_ms = 1000) {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_uint64(1, count);
  writer.add_double(3, 5);
  writer.add_sint32(4, schema);
  writer.add_double(5, bounds.empty() ? 0.001 : 0);
  const auto side = [&writer](std::uint32_t first, const Buckets& buckets) {
    for (const auto& [offset, length] : buckets.spans) {
      std::string span;
      protozero::pbf_writer inner(span);
      inner.add_sint32(1, offset);
      inner.add_uint32(2, static_cast<std::uint32_t>(length));
      writer.add_message(first, span);
    }
    writer.add_packed_sint64(first + 1, buckets.deltas.begin(), buckets.deltas.end());
  };
  side(8, negative);
  side(11, positive);
  writer.add_enum(14, 3);
  writer.add_int64(15, time_ms);
  writer.add_packed_double(16, bounds.begin(), bounds.end());
  writer.add_int64(17, 400);
  return out;
}

/// The message MetricMetadata of version 1.
inline std::string v1_metadata(std::int32_t type, const std::string& name, const std::string& help,
                               const std::string& unit = {}) {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_enum(1, type);
  writer.add_string(2, name);
  writer.add_string(4, help);
  writer.add_string(5, unit);
  return out;
}

/// Builds io.prometheus.write.v2.Request.
class V2Request {
 public:
  std::uint32_t symbol(const std::string& text) {
    for (std::size_t i = 0; i < symbols_.size(); ++i) {
      if (symbols_[i] == text) {
        return static_cast<std::uint32_t>(i);
      }
    }
    symbols_.push_back(text);
    return static_cast<std::uint32_t>(symbols_.size() - 1);
  }

  std::string series(const Pairs& labels, const Points& points) {
    std::string out;
    protozero::pbf_writer writer(out);
    std::vector<std::uint32_t> references;
    for (const auto& [name, value] : labels) {
      references.push_back(symbol(name));
      references.push_back(symbol(value));
    }
    writer.add_packed_uint32(1, references.begin(), references.end());
    for (const auto& [time, value] : points) {
      writer.add_message(2, encode_point(time, value));
    }
    return out;
  }

  /// Says what the metric of a series is.
  void describe(std::string& series, std::int32_t type, const std::string& help,
                const std::string& unit = {}) {
    std::string metadata;
    protozero::pbf_writer writer(metadata);
    writer.add_enum(1, type);
    writer.add_uint32(3, symbol(help));
    writer.add_uint32(4, symbol(unit));
    protozero::pbf_writer(series).add_message(5, metadata);
  }

  void add(const std::string& series) { series_.push_back(series); }

  std::string encode() const {
    std::string out;
    protozero::pbf_writer writer(out);
    for (const std::string& text : symbols_) {
      writer.add_string(4, text);
    }
    for (const std::string& one : series_) {
      writer.add_message(5, one);
    }
    return out;
  }

 private:
  std::vector<std::string> symbols_ = {""};
  std::vector<std::string> series_;
};

}  // namespace tocsin::sources::testing
