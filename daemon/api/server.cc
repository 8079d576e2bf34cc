#include "api/server.h"

namespace tocsin::api {

Server::Server(boost::asio::any_io_executor executor, const base::Clock& clock,
               async::Timers& timers, Views& views, Queries& queries, Commands& commands,
               ServerOptions options)
    : api_(executor, clock, timers, views, queries, commands, std::move(options.auth),
           options.query, std::move(options.cors)),
      http_(executor, clock, timers, std::move(options.http),
            [this](net::ServerRequest request) { return api_.handle(std::move(request)); }) {}

}  // namespace tocsin::api
