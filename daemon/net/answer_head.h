#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin::net {

/// Puts the header of an HTTP/1 answer into the form that a strict parser wants, where servers are
/// used to be forgiven: lines may end in a bare LF, and the status line may lack its reason
/// together with the blank before it (RFC 9112, 2.2 and 4). All else is passed on as it is.
class AnswerHead {
 public:
  /// `max_bytes`: of the whole header.
  explicit AnswerHead(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// Appends the whole lines among `bytes` to `out`, up to the blank one that ends the header.
  /// Gives how many bytes it took: all of them unless done(). kCorrupt beyond the limit.
  base::Result<std::size_t> feed(std::string_view bytes, std::string& out);

  /// Whether the blank line was there. What follows is the body's.
  bool done() const { return done_; }

 private:
  void end_line(std::string& out);

  std::size_t max_bytes_;
  std::size_t taken_ = 0;
  std::string line_;  ///< the one that has not ended yet
  bool first_ = true;
  bool done_ = false;
};

}  // namespace tocsin::net
