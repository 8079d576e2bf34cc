#include "net/listener.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/resolver.h"
#include "net/stream_native.h"

namespace tocsin::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using base::Error;
using base::ErrorCode;

Error listen_error(const boost::system::error_code& error) {
  const bool denied = error == asio::error::access_denied || error == asio::error::no_permission;
  return {denied ? ErrorCode::kDenied : ErrorCode::kUnavailable, error.message()};
}

boost::system::error_code try_open(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  boost::system::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (error) {
    return error;
  }
  acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (endpoint.address().is_v6()) {
    acceptor.set_option(asio::ip::v6_only(!endpoint.address().is_unspecified()), error);
  }
  acceptor.bind(endpoint, error);
  if (!error) {
    acceptor.listen(asio::socket_base::max_listen_connections, error);
  }
  if (error) {
    boost::system::error_code ignored;
    acceptor.close(ignored);
  }
  return error;
}

}  // namespace

struct Listener::Native {
  explicit Native(const asio::any_io_executor& executor) : acceptor(executor) {}
  tcp::acceptor acceptor;
};

Listener::Listener(std::unique_ptr<Native> native) : native_(std::move(native)) {}
Listener::~Listener() = default;
Listener::Listener(Listener&&) noexcept = default;
Listener& Listener::operator=(Listener&&) noexcept = default;

base::Result<Listener> Listener::open(asio::any_io_executor executor, const std::string& host,
                                      std::uint16_t port) {
  auto native = std::make_unique<Native>(std::move(executor));
  tcp::acceptor& acceptor = native->acceptor;
  boost::system::error_code error;
  if (host.empty()) {
    error = try_open(acceptor, {asio::ip::address_v6::any(), port});
    if (error == asio::error::address_family_not_supported ||
        error == asio::error::operation_not_supported) {
      error = try_open(acceptor, {asio::ip::address_v4::any(), port});
    }
  } else {
    const base::Result<std::vector<Address>> addresses = resolve_blocking(host, port);
    if (!addresses) {
      return addresses.error();
    }
    for (const Address& address : *addresses) {
      const auto ip = asio::ip::make_address(address.ip, error);
      if (!error) {
        error = try_open(acceptor, {ip, port});
      }
      if (!error) {
        break;
      }
    }
  }
  if (error) {
    return listen_error(error).context("listen on " + host + ":" + std::to_string(port));
  }
  const tcp::endpoint local = acceptor.local_endpoint(error);
  Listener listener(std::move(native));
  listener.port_ = local.port();
  listener.loopback_ = local.address().is_loopback();
  return listener;
}

async::Task<base::Result<Stream>> Listener::accept() {
  auto peer = std::make_unique<Stream::Native>(native_->acceptor.get_executor());
  const auto [error] =
      co_await native_->acceptor.async_accept(peer->socket, asio::as_tuple(asio::use_awaitable));
  if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) {
    co_return Error(ErrorCode::kCancelled, "the listener is closed");
  }
  if (error == asio::error::no_descriptors || error == asio::error::no_memory ||
      error == asio::error::no_buffer_space ||
      error == boost::system::errc::too_many_files_open_in_system) {
    co_return Error(ErrorCode::kLimitExceeded, error.message());
  }
  if (error) {
    co_return Error(ErrorCode::kUnavailable, error.message());
  }
  boost::system::error_code ignored;
  peer->socket.set_option(tcp::no_delay(true), ignored);
  co_return Stream(std::move(peer));
}

void Listener::close() {
  boost::system::error_code ignored;
  native_->acceptor.close(ignored);
}

}  // namespace tocsin::net
