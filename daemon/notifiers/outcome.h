#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "base/secret.h"
#include "net/http.h"
#include "notifiers/notifier.h"

namespace tocsin::notifiers {

Outcome delivered();
Outcome retry(std::string reason, std::optional<base::Duration> after = std::nullopt);
Outcome refused(std::string reason);

/// What a failure to reach the peer means: whatever may pass is tried again.
Outcome from_error(const base::Error& error);

/// The usual reading of an HTTP status: 2xx is delivered; 408, 429 and 5xx may pass, not before
/// Retry-After; all else is refused. The reason holds the first line of the body.
Outcome from_status(const net::HttpResponse& response, base::WallTime now);

/// The header Retry-After: seconds or an HTTP date. Nothing when absent or malformed; at most a
/// day.
std::optional<base::Duration> retry_after(const net::Headers& headers, base::WallTime now);

/// The text with every occurrence of a secret replaced by "***".
std::string redact(std::string text, const std::vector<base::Secret>& secrets);

/// The first line of a body, cut to what fits a log line, without control characters.
std::string first_line(std::string_view body);

}  // namespace tocsin::notifiers
