#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "async/task.h"
#include "async/timers.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/result.h"
#include "net/http.h"

namespace tocsin::net {

struct HttpServerOptions {
  std::string host = "127.0.0.1";  ///< an address or name; empty: all addresses
  std::uint16_t port = 0;          ///< 0: a free one, see HttpServer::port()
  std::string cert_file;           ///< PEM; TLS when not empty. Read again every 5 minutes
  std::string key_file;            ///< empty: the key stands in cert_file
  std::size_t max_connections = 512;
  std::size_t max_header_bytes = 16 * 1024;
  std::size_t max_body_bytes = 8U << 20;
  base::Duration idle_timeout = std::chrono::minutes(2);      ///< between requests
  base::Duration request_timeout = std::chrono::seconds(30);  ///< from the first byte to the last
  base::Duration write_timeout = std::chrono::seconds(60);
  std::size_t gzip_from_bytes = 1400;  ///< smaller answers are not compressed
};

/// What the server has seen, for its owner's metrics.
struct HttpServerStats {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;        ///< beyond max_connections
  std::uint64_t accept_errors = 0;  ///< out of descriptors and the like
  std::uint64_t bad_requests = 0;
  std::uint64_t requests = 0;
  std::uint64_t handler_errors = 0;  ///< exceptions that left the handler
  std::uint64_t clients_gone = 0;    ///< before they had their answer
  std::size_t connections = 0;       ///< now
};

/// An HTTP/1.1 server: keep-alive, pipelining, HEAD, 100-continue, chunked and form bodies, gzip
/// answers, TLS. The handler runs on the main loop, once per request at a time and connection; HEAD
/// comes to it as it is, and its body is left out. When the client
/// closes the connection before it has its answer, the handler is cancelled. stop() must have
/// returned before destruction.
class HttpServer {
 public:
  HttpServer(boost::asio::any_io_executor executor, const base::Clock& clock, async::Timers& timers,
             HttpServerOptions options, Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Listens and serves from now on.
  base::Status start();
  /// Closes the listener and idle connections, lets running requests end for `limit`, then cuts.
  async::Task<> stop(base::Duration limit);

  std::uint16_t port() const;
  bool loopback() const;
  HttpServerStats stats() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::net
