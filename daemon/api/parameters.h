#pragma once

#include <string_view>

#include "base/clock.h"
#include "base/duration.h"
#include "base/result.h"

namespace tocsin::api {

/// Seconds since the epoch with a fraction, or RFC 3339: what `time`, `start` and `end` accept.
base::Result<base::WallTime> parse_time(std::string_view text);

/// Seconds with a fraction, or a Prometheus duration: what `step` and `timeout` accept. Signed.
base::Result<base::Duration> parse_step(std::string_view text);

}  // namespace tocsin::api
