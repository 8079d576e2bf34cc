#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/labels.h"

namespace tocsin::api {

/// Writes JSON text front to back. Commas are its business, balance is the caller's. Strings that
/// are not UTF-8 get U+FFFD, as Go writes them.
class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);

  JsonWriter& string(std::string_view text);
  JsonWriter& boolean(bool value);
  JsonWriter& integer(std::int64_t value);
  /// A finite number; others become null.
  JsonWriter& number(double value);
  /// Text that is JSON already.
  JsonWriter& raw(std::string_view json);

  JsonWriter& field(std::string_view name, std::string_view text) { return key(name).string(text); }
  JsonWriter& labels(const model::Labels& labels);
  /// `[time,"value"]`, as Prometheus writes the samples of vectors and matrices.
  JsonWriter& sample(std::int64_t time_ms, double value);

  std::string take() { return std::move(out_); }

 private:
  void separate();
  std::string out_;
  bool need_comma_ = false;
};

/// As Prometheus writes sample values in vectors and matrices: shortest text, an exponent below
/// 1e-6 and from 1e21.
std::string format_sample_value(double value);
/// Go's strconv 'e', shortest: "1e+00". For alert values.
std::string format_exponent(double value);
/// Milliseconds as seconds: 1435781451.78, 1, -1.5. So Prometheus writes them with scalars and
/// strings …
std::string format_seconds(std::int64_t milliseconds);
/// … and so with samples: all three digits, or none: 1435781451.780.
std::string format_timestamp(std::int64_t milliseconds);
/// RFC 3339 in UTC with milliseconds; Go's zero time when there is none.
std::string format_time(const std::optional<base::WallTime>& time);

}  // namespace tocsin::api
