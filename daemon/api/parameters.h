#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/duration.h"
#include "base/result.h"
#include "net/http.h"

namespace tocsin::api {

/// Seconds since the epoch with a fraction, or RFC 3339: what `time`, `start` and `end` accept.
/// Fractions beyond milliseconds are rounded as Prometheus rounds them.
base::Result<base::WallTime> parse_time(std::string_view text);

/// Seconds with a fraction, or a Prometheus duration: what `step` and `timeout` accept. Signed.
base::Result<base::Duration> parse_step(std::string_view text);

/// The first value of a parameter; empty when there is none.
std::string text_of(const net::ServerRequest& request, std::string_view name);

/// A time that may be missing.
base::Result<base::WallTime> time_of(const net::ServerRequest& request, std::string_view name,
                                     base::WallTime otherwise);

/// `limit`: 0, which means none, when it is missing.
base::Result<std::size_t> limit_of(const net::ServerRequest& request);

/// "11,000".
std::string with_thousands(std::size_t number);

/// The label name that `/label/<name>/values` means: names beyond [a-zA-Z0-9_] may come as `U__`
/// and the characters' numbers (`U__http_2e_status`, where `__` is one underscore). What is not
/// written so comes back as it is.
/// https://prometheus.io/docs/prometheus/latest/querying/api/#querying-label-values
std::string unescape_label_name(std::string_view name);

}  // namespace tocsin::api
