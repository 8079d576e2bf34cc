#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace tocsin::net {

/// Reads HTTP/1 requests one after the other from bytes as they come in; does no I/O.
class RequestReader {
 public:
  struct Limits {
    std::size_t max_header_bytes = 16 * 1024;
    std::size_t max_body_bytes = 8U << 20;
  };

  explicit RequestReader(Limits limits);
  ~RequestReader();
  RequestReader(RequestReader&&) noexcept;
  RequestReader& operator=(RequestReader&&) noexcept;

  /// True when a request is complete. After an error, error_status() is the answer to give and the
  /// connection is of no more use.
  base::Result<bool> feed(std::string_view bytes);
  int error_status() const;

  /// Whether part of a request has come in.
  bool started() const;
  /// Once true when the client waits for "100 Continue" before it sends the body.
  bool take_continue();
  bool keep_alive() const;
  /// Whether the client takes gzip answers.
  bool accepts_gzip() const;

  /// HTTP/1.0.
  bool old_client() const;

  /// Keeps bytes of a later request while an earlier one is being answered; the next feed() reads
  /// them.
  void stash(std::string_view bytes);

  /// The request that is complete; form bodies are merged into the query, first. Bytes that came
  /// after it are kept for the next one.
  ServerRequest take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::net
