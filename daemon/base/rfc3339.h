#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace tocsin::base {

/// What Go prints for a time that was never set; Prometheus and Alertmanager send it.
inline constexpr std::string_view kGoZeroTime = "0001-01-01T00:00:00Z";

/// As Go's time.RFC3339Nano in UTC: "2026-01-31T09:05:00.25Z", the fraction without trailing zeros.
std::string format_rfc3339(WallTime time);

/// Reads RFC 3339 with any fraction and offset; digits below a millisecond are cut.
Result<WallTime> parse_rfc3339(std::string_view text);

}  // namespace tocsin::base
