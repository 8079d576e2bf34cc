#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "net/http.h"

namespace tocsin::net {

struct ResponseFormat {
  bool head = false;        ///< leave the body out
  bool keep_alive = false;  ///< else the connection closes after this answer
};

/// The bytes of an answer, with Content-Length, Date and Connection. Header values with control
/// characters are left out.
std::string format_response(const ServerResponse& response, base::WallTime now,
                            ResponseFormat format);

/// Gzips a body of at least `from_bytes` that is not encoded yet.
void compress(ServerResponse& response, std::size_t from_bytes);

ServerResponse plain_response(int status, std::string_view text);

/// "Not Found".
std::string_view reason_phrase(int status);

/// "Thu, 01 Jan 2026 00:00:00 GMT".
std::string format_http_date(base::WallTime time);

}  // namespace tocsin::net
