#pragma once

#include <boost/asio/any_io_executor.hpp>

#include "api/access.h"
#include "api/cors.h"
#include "api/expression_api.h"
#include "api/metadata_api.h"
#include "api/query_api.h"
#include "api/receiver.h"
#include "api/select_api.h"
#include "api/status_api.h"
#include "api/views.h"
#include "async/timers.h"
#include "base/clock.h"
#include "net/http.h"

namespace tocsin::api {

/// Routes requests and answers them. Owns no socket: Server does. Main loop only.
class Api {
 public:
  Api(boost::asio::any_io_executor executor, const base::Clock& clock, async::Timers& timers,
      Views& views, Queries& queries, Commands& commands, AuthOptions auth, QueryOptions query,
      Cors cors = {});

  /// Who takes pushed samples; nobody does before. It outlives this.
  void receive_with(Receiver& receiver) { receiver_ = &receiver; }

  async::Task<net::ServerResponse> handle(net::ServerRequest request);

  /// Who may do what from the next request on, and whose pages may read.
  void set_access(AuthOptions auth, Cors cors) {
    auth_ = std::move(auth);
    cors_ = std::move(cors);
  }
  /// What queries that come from now on may use.
  void set_query_options(QueryOptions options) { query_api_.set_options(options); }
  /// Cancels the queries that run and wait, and takes no more of them.
  void stop_queries() { query_api_.stop(); }
  const QueryGate& gate() const { return query_api_.gate(); }

 private:
  struct Route;
  static const std::vector<Route>& routes();

  async::Task<net::ServerResponse> dispatch(net::ServerRequest request);

  async::Task<net::ServerResponse> healthy(net::ServerRequest request);
  async::Task<net::ServerResponse> ready(net::ServerRequest request);
  async::Task<net::ServerResponse> reload(net::ServerRequest request);
  async::Task<net::ServerResponse> metrics(net::ServerRequest request);
  async::Task<net::ServerResponse> graph(net::ServerRequest request);
  async::Task<net::ServerResponse> query(net::ServerRequest request);
  async::Task<net::ServerResponse> query_range(net::ServerRequest request);
  async::Task<net::ServerResponse> series(net::ServerRequest request);
  async::Task<net::ServerResponse> labels(net::ServerRequest request);
  async::Task<net::ServerResponse> label_values(net::ServerRequest request);
  async::Task<net::ServerResponse> rules(net::ServerRequest request);
  async::Task<net::ServerResponse> alerts(net::ServerRequest request);
  async::Task<net::ServerResponse> targets(net::ServerRequest request);
  async::Task<net::ServerResponse> exemplars(net::ServerRequest request);
  async::Task<net::ServerResponse> format_query(net::ServerRequest request);
  async::Task<net::ServerResponse> parse_query(net::ServerRequest request);
  async::Task<net::ServerResponse> metadata(net::ServerRequest request);
  async::Task<net::ServerResponse> target_metadata(net::ServerRequest request);
  async::Task<net::ServerResponse> build(net::ServerRequest request);
  async::Task<net::ServerResponse> runtime(net::ServerRequest request);
  async::Task<net::ServerResponse> config(net::ServerRequest request);
  async::Task<net::ServerResponse> flags(net::ServerRequest request);
  async::Task<net::ServerResponse> tsdb(net::ServerRequest request);
  async::Task<net::ServerResponse> alertmanagers(net::ServerRequest request);
  async::Task<net::ServerResponse> incidents(net::ServerRequest request);
  async::Task<net::ServerResponse> incident(net::ServerRequest request);
  async::Task<net::ServerResponse> remote_write(net::ServerRequest request);
  async::Task<net::ServerResponse> push(net::ServerRequest request);

  Views& views_;
  Commands& commands_;
  Receiver* receiver_ = nullptr;
  AuthOptions auth_;
  Queries& queries_;
  QueryApi query_api_;
  SelectApi select_api_;
  ExpressionApi expression_api_;
  MetadataApi metadata_api_;
  StatusApi status_api_;
  Cors cors_;
};

}  // namespace tocsin::api
