#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>

#include "api/api.h"
#include "net/http_server.h"

namespace tocsin::api {

struct ServerOptions {
  net::HttpServerOptions http;
  AuthOptions auth;
  QueryOptions query;
  Cors cors;
};

/// The HTTP surface: a server whose requests the Api answers. Views, queries and commands must
/// outlive it; stop() must have returned before destruction.
class Server {
 public:
  Server(boost::asio::any_io_executor executor, const base::Clock& clock, async::Timers& timers,
         Views& views, Queries& queries, Commands& commands, ServerOptions options);

  /// Who takes pushed samples; see Api.
  void receive_with(Receiver& receiver) { api_.receive_with(receiver); }
  /// Who may do what from the next request on.
  void set_access(AuthOptions auth, Cors cors) {
    api_.set_access(std::move(auth), std::move(cors));
  }
  /// What queries that come from now on may use.
  void set_query_options(QueryOptions options) { api_.set_query_options(options); }
  base::Status start() { return http_.start(); }
  /// Cancels the queries, so that their clients hear of it, and lets other requests end.
  async::Task<> stop(base::Duration limit) {
    api_.stop_queries();
    return http_.stop(limit);
  }

  const QueryGate& gate() const { return api_.gate(); }
  std::uint16_t port() const { return http_.port(); }
  net::HttpServerStats stats() const { return http_.stats(); }

 private:
  Api api_;
  net::HttpServer http_;
};

}  // namespace tocsin::api
