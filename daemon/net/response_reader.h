#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace tocsin::net {

/// Reads one HTTP/1 answer from bytes as they come in; does no I/O. Interim answers (1xx) are
/// skipped, chunks joined, gzip and deflate decompressed.
class ResponseReader {
 public:
  /// `head`: the answer to HEAD, which has no body. max_body_bytes as in HttpRequest.
  ResponseReader(bool head, std::size_t max_body_bytes);
  ~ResponseReader();
  ResponseReader(ResponseReader&&) noexcept;
  ResponseReader& operator=(ResponseReader&&) noexcept;

  /// True when the answer is complete. kCorrupt (not HTTP), kLimitExceeded (body).
  base::Result<bool> feed(std::string_view bytes);
  /// The peer has closed. kUnavailable when nothing had come, kCorrupt when the answer is cut.
  base::Status end_of_stream();

  /// Whether any byte has come in.
  bool started() const;
  /// Whether the connection may carry another request.
  bool reusable() const;
  /// The answer without `arrived`, once complete.
  HttpResponse take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::net
