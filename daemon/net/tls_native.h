#pragma once

#include <boost/asio/ssl/context.hpp>

#include "net/tls.h"

namespace tocsin::net {

/// Only for this room's sources: public headers stay free of OpenSSL.
struct TlsContext::Native {
  explicit Native(boost::asio::ssl::context::method method) : context(method) {}
  boost::asio::ssl::context context;
};

}  // namespace tocsin::net
