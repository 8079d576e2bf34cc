#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/duration.h"
#include "net/stream.h"

namespace tocsin::net {

/// Connections that wait for their next request, by origin and TLS settings. Pure bookkeeping:
/// time is an argument.
class ConnectionPool {
 public:
  struct Limits {
    std::size_t per_origin = 8;
    std::size_t total = 4096;
    /// Below the 60 to 90 s after which most servers close.
    base::Duration idle = std::chrono::seconds(50);
  };

  explicit ConnectionPool(Limits limits) : limits_(limits) {}

  /// The connection used last that is still quiet; nothing when there is none.
  std::optional<Stream> take(const std::string& origin, base::MonotonicTime now);
  void put(const std::string& origin, Stream stream, base::MonotonicTime now);
  /// Closes what has been idle for too long.
  void expire(base::MonotonicTime now);
  void clear();
  std::size_t size() const { return size_; }

 private:
  struct Idle {
    Stream stream;
    base::MonotonicTime since;
  };
  Limits limits_;
  std::map<std::string, std::deque<Idle>> idle_;
  std::size_t size_ = 0;
  base::MonotonicTime last_expiry_{};
};

}  // namespace tocsin::net
