#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>

#include "app/cli.h"
#include "app/demo_shop.h"
#include "async/real_clock.h"
#include "async/real_timers.h"
#include "net/http_server.h"
#include "net/url.h"

namespace tocsin::app {
namespace {

net::HttpServerOptions server_options(std::string host, std::uint16_t port) {
  net::HttpServerOptions options;
  options.host = std::move(host);
  options.port = port;
  return options;
}

class ShopServer {
 public:
  ShopServer(const DemoShop::Script& script, std::string host, std::uint16_t port)
      : shop_(script),
        started_(clock_.monotonic_now()),
        signals_(loop_, SIGINT, SIGTERM),
        server_(loop_.get_executor(), clock_, timers_, server_options(std::move(host), port),
                [this](net::ServerRequest request) { return answer(std::move(request)); }) {}

  int run() {
    const base::Status started = server_.start();
    if (!started) {
      std::fprintf(stderr, "%s\n", started.error().to_string().c_str());
      return 2;
    }
    std::printf("the shop is open on port %d\n", server_.port());
    std::fflush(stdout);
    signals_.async_wait([this](const boost::system::error_code& failed, int) {
      if (!failed) {
        boost::asio::co_spawn(loop_, close(), [](const std::exception_ptr&) {});
      }
    });
    loop_.run();
    return 0;
  }

 private:
  async::Task<net::ServerResponse> answer(net::ServerRequest request) {
    net::ServerResponse response;
    if (request.path != "/metrics") {
      response.status = 404;
      co_return response;
    }
    const auto elapsed = std::chrono::floor<base::Duration>(clock_.monotonic_now() - started_);
    response.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    response.body = shop_.page(elapsed);
    co_return response;
  }

  async::Task<> close() { co_await server_.stop(std::chrono::milliseconds(200)); }

  DemoShop shop_;
  async::RealClock clock_;
  async::RealTimers timers_;
  base::MonotonicTime started_;
  boost::asio::io_context loop_{1};
  boost::asio::signal_set signals_;
  net::HttpServer server_;
};

}  // namespace

int run_demo_shop(const ShopOptions& options) {
  const auto address = net::parse_host_port(options.listen);
  if (!address) {
    std::fprintf(stderr, "%s\n", address.error().to_string().c_str());
    return 2;
  }
  const DemoShop::Script script{.healthy = std::chrono::seconds(options.healthy_seconds),
                                .failing = std::chrono::seconds(options.failing_seconds),
                                .failures_per_second = options.failures_per_second};
  return ShopServer(script, address->first, address->second).run();
}

}  // namespace tocsin::app
