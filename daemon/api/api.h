#pragma once

#include <boost/asio/any_io_executor.hpp>

#include "api/access.h"
#include "api/query_api.h"
#include "api/receiver.h"
#include "api/views.h"
#include "async/timers.h"
#include "base/clock.h"
#include "net/http.h"

namespace tocsin::api {

/// Routes requests and answers them. Owns no socket: Server does. Main loop only.
class Api {
 public:
  Api(boost::asio::any_io_executor executor, const base::Clock& clock, async::Timers& timers,
      Views& views, Queries& queries, Commands& commands, AuthOptions auth, QueryOptions query);

  /// Who takes pushed samples; nobody does before. It outlives this.
  void receive_with(Receiver& receiver) { receiver_ = &receiver; }

  async::Task<net::ServerResponse> handle(net::ServerRequest request);

 private:
  struct Route;
  static const std::vector<Route>& routes();

  async::Task<net::ServerResponse> healthy(net::ServerRequest request);
  async::Task<net::ServerResponse> ready(net::ServerRequest request);
  async::Task<net::ServerResponse> reload(net::ServerRequest request);
  async::Task<net::ServerResponse> metrics(net::ServerRequest request);
  async::Task<net::ServerResponse> query(net::ServerRequest request);
  async::Task<net::ServerResponse> query_range(net::ServerRequest request);
  async::Task<net::ServerResponse> series(net::ServerRequest request);
  async::Task<net::ServerResponse> labels(net::ServerRequest request);
  async::Task<net::ServerResponse> label_values(net::ServerRequest request);
  async::Task<net::ServerResponse> rules(net::ServerRequest request);
  async::Task<net::ServerResponse> alerts(net::ServerRequest request);
  async::Task<net::ServerResponse> targets(net::ServerRequest request);
  async::Task<net::ServerResponse> exemplars(net::ServerRequest request);
  async::Task<net::ServerResponse> metadata(net::ServerRequest request);
  async::Task<net::ServerResponse> build(net::ServerRequest request);
  async::Task<net::ServerResponse> incidents(net::ServerRequest request);
  async::Task<net::ServerResponse> incident(net::ServerRequest request);
  async::Task<net::ServerResponse> remote_write(net::ServerRequest request);
  async::Task<net::ServerResponse> push(net::ServerRequest request);

  Views& views_;
  Commands& commands_;
  Receiver* receiver_ = nullptr;
  AuthOptions auth_;
  QueryApi queries_;
};

}  // namespace tocsin::api
