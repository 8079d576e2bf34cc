#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin::base {

using Duration = std::chrono::milliseconds;

/// Reads a Prometheus duration: one or more of `<integer><unit>` with the units y w d h m s ms in
/// descending order and at most once each (`1h30m`), or `0`. A year is 365 days. No sign, no
/// fraction, no blanks. https://prometheus.io/docs/prometheus/latest/configuration/configuration/
Result<Duration> parse_duration(std::string_view text);

/// The shortest text that parse_duration() reads back, as Prometheus prints it: 90 s is "1m30s",
/// 14 d is "2w" only when the weeks are whole, and 0 is "0s".
std::string format_duration(Duration duration);

}  // namespace tocsin::base
