#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <memory>

#include "net/stream.h"

namespace tocsin::net {

/// Only for this room's sources: public headers stay free of sockets.
struct Stream::Native {
  using Socket = boost::asio::generic::stream_protocol::socket;
  explicit Native(const boost::asio::any_io_executor& executor) : socket(executor) {}

  Socket socket;
  std::shared_ptr<TlsContext> context;
  std::unique_ptr<boost::asio::ssl::stream<Socket&>> tls;
};

/// The error that an Asio operation's code stands for.
base::Error network_error(const boost::system::error_code& error);

}  // namespace tocsin::net
