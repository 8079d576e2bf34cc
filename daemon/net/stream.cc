#include "net/stream.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>

#include "net/stream_native.h"
#include "net/tls_native.h"

namespace tocsin::net {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using base::Error;
using base::ErrorCode;

constexpr auto kOutcome = asio::as_tuple(asio::use_awaitable);

bool is_ip(const std::string& name) {
  boost::system::error_code error;
  asio::ip::make_address(name, error);
  return !error;
}

/// A handshake that fails is a matter of certificates or of who is on the other side.
Error handshake_error(const boost::system::error_code& error,
                      ssl::stream<Stream::Native::Socket&>& tls) {
  if (error == asio::error::operation_aborted) {
    return network_error(error);
  }
  const long verdict = SSL_get_verify_result(tls.native_handle());
  if (verdict != X509_V_OK) {
    return {ErrorCode::kDenied,
            std::string("certificate: ") + X509_verify_cert_error_string(verdict)};
  }
  if (error.category() == asio::error::get_ssl_category() ||
      error.category() == ssl::error::get_stream_category()) {
    return {ErrorCode::kDenied, "TLS: " + error.message()};
  }
  return network_error(error);
}

}  // namespace

base::Error network_error(const boost::system::error_code& error) {
  if (error == asio::error::operation_aborted) {
    return {ErrorCode::kCancelled, "cancelled"};
  }
  return {ErrorCode::kUnavailable, error.message()};
}

std::string Address::to_string() const {
  if (!unix_path.empty()) {
    return "unix:" + unix_path;
  }
  return (ip.find(':') != std::string::npos ? "[" + ip + "]" : ip) + ":" + std::to_string(port);
}

Stream::Stream(asio::any_io_executor executor)
    : native_(std::make_unique<Native>(std::move(executor))) {}
Stream::Stream(std::unique_ptr<Native> native) : native_(std::move(native)) {}
Stream::~Stream() = default;
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;

async::Task<base::Status> Stream::connect(Address address) {
  asio::generic::stream_protocol::endpoint endpoint;
  if (!address.unix_path.empty()) {
    if (address.unix_path.size() >= 108) {
      co_return Error(ErrorCode::kInvalidInput, "the socket's path is too long");
    }
    endpoint = asio::local::stream_protocol::endpoint(address.unix_path);
  } else {
    boost::system::error_code bad;
    const auto ip = asio::ip::make_address(address.ip, bad);
    if (bad) {
      co_return Error(ErrorCode::kInvalidInput, address.ip + ": not an IP address");
    }
    endpoint = asio::ip::tcp::endpoint(ip, address.port);
  }
  const auto [error] = co_await native_->socket.async_connect(endpoint, kOutcome);
  if (error) {
    co_return network_error(error).context(address.to_string());
  }
  if (address.unix_path.empty()) {
    boost::system::error_code ignored;
    native_->socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  }
  co_return base::Status{};
}

async::Task<base::Status> Stream::start_client_tls(std::shared_ptr<TlsContext> context,
                                                   std::string server_name, bool verify) {
  native_->context = std::move(context);
  native_->tls = std::make_unique<ssl::stream<Native::Socket&>>(native_->socket,
                                                                native_->context->native().context);
  auto& tls = *native_->tls;
  if (!is_ip(server_name)) {
    SSL_set_tlsext_host_name(tls.native_handle(), server_name.c_str());
  }
  if (verify) {
    X509_VERIFY_PARAM* checks = SSL_get0_param(tls.native_handle());
    X509_VERIFY_PARAM_set_hostflags(checks, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const int set = is_ip(server_name)
                        ? X509_VERIFY_PARAM_set1_ip_asc(checks, server_name.c_str())
                        : X509_VERIFY_PARAM_set1_host(checks, server_name.c_str(), 0);
    if (set != 1) {
      co_return Error(ErrorCode::kInvalidInput, "a host name that TLS cannot check");
    }
  }
  const auto [error] = co_await tls.async_handshake(ssl::stream_base::client, kOutcome);
  if (error) {
    co_return handshake_error(error, tls);
  }
  co_return base::Status{};
}

async::Task<base::Status> Stream::start_server_tls(std::shared_ptr<TlsContext> context) {
  native_->context = std::move(context);
  native_->tls = std::make_unique<ssl::stream<Native::Socket&>>(native_->socket,
                                                                native_->context->native().context);
  auto& tls = *native_->tls;
  const auto [error] = co_await tls.async_handshake(ssl::stream_base::server, kOutcome);
  if (error) {
    co_return handshake_error(error, tls);
  }
  co_return base::Status{};
}

async::Task<base::Result<std::size_t>> Stream::read_some(char* into, std::size_t size) {
  const auto buffer = asio::buffer(into, size);
  boost::system::error_code error;
  std::size_t got = 0;
  if (native_->tls) {
    std::tie(error, got) = co_await native_->tls->async_read_some(buffer, kOutcome);
  } else {
    std::tie(error, got) = co_await native_->socket.async_read_some(buffer, kOutcome);
  }
  // Many servers leave TLS without a goodbye; whether the message was whole, its framing tells.
  if (error == asio::error::eof || error == ssl::error::stream_truncated) {
    co_return base::Result<std::size_t>(0);
  }
  if (error && error.category() == asio::error::get_ssl_category()) {
    co_return Error(ErrorCode::kDenied, "TLS: " + error.message());
  }
  if (error) {
    co_return network_error(error);
  }
  co_return base::Result<std::size_t>(got);
}

async::Task<base::Status> Stream::write(std::string_view bytes) {
  const auto buffer = asio::buffer(bytes.data(), bytes.size());
  boost::system::error_code error;
  std::size_t written = 0;
  if (native_->tls) {
    std::tie(error, written) = co_await asio::async_write(*native_->tls, buffer, kOutcome);
  } else {
    std::tie(error, written) = co_await asio::async_write(native_->socket, buffer, kOutcome);
  }
  if (error) {
    co_return network_error(error);
  }
  co_return base::Status{};
}

bool Stream::quiet() const {
  auto& socket = native_->socket;
  if (!socket.is_open()) {
    return false;
  }
  char byte = 0;
  const ssize_t got = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

bool Stream::broken() const {
  if (!native_->socket.is_open()) {
    return true;
  }
  pollfd look{.fd = native_->socket.native_handle(), .events = 0, .revents = 0};
  return ::poll(&look, 1, 0) > 0 && (look.revents & (POLLERR | POLLHUP)) != 0;
}

bool Stream::encrypted() const { return native_->tls != nullptr; }

void Stream::close() {
  boost::system::error_code ignored;
  native_->socket.shutdown(asio::socket_base::shutdown_both, ignored);
  native_->socket.close(ignored);
}

void Stream::interrupt() {
  boost::system::error_code ignored;
  native_->socket.cancel(ignored);
}

std::string Stream::remote_ip() const {
  boost::system::error_code error;
  const auto endpoint = native_->socket.remote_endpoint(error);
  if (error ||
      (endpoint.protocol().family() != AF_INET && endpoint.protocol().family() != AF_INET6)) {
    return "";
  }
  asio::ip::tcp::endpoint tcp;
  tcp.resize(endpoint.size());
  std::memcpy(tcp.data(), endpoint.data(), endpoint.size());
  const auto address = tcp.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  }
  return address.to_string();
}

}  // namespace tocsin::net
