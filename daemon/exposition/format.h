#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin::exposition {

/// The formats in which a target may state its metrics.
enum class Format : std::uint8_t {
  kText,         ///< Prometheus' text format 0.0.4 (and 1.0.0, which adds quoted names)
  kOpenMetrics,  ///< OpenMetrics 1.0
};

/// What a scraper sends as Accept.
inline constexpr std::string_view kAcceptHeader =
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.1";

/// The Content-Type for a page that this program serves itself.
inline constexpr std::string_view kTextContentType = "text/plain; version=0.0.4; charset=utf-8";

/// The format that a response's Content-Type names; the text format when it is missing or names
/// anything else.
Format format_from_content_type(std::string_view content_type);

/// A number in the canonical form of OpenMetrics, as `le` and `quantile` are written: "1.0",
/// "0.25", "1e+06", "+Inf".
std::string format_canonical(double value);

}  // namespace tocsin::exposition
