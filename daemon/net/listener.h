#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "async/task.h"
#include "base/result.h"
#include "net/stream.h"

namespace tocsin::net {

/// A listening TCP socket. Main loop only.
class Listener {
 public:
  /// An empty host listens on every address, IPv6 and IPv4; port 0 takes a free one. Resolves
  /// names on the spot: for start. kUnavailable (in use), kDenied, kInvalidInput.
  static base::Result<Listener> open(boost::asio::any_io_executor executor, const std::string& host,
                                     std::uint16_t port);
  ~Listener();
  Listener(Listener&&) noexcept;
  Listener& operator=(Listener&&) noexcept;

  /// kCancelled after close(); kUnavailable for the peer's faults; kLimitExceeded when this
  /// process or machine is out of descriptors or memory: wait a little then.
  async::Task<base::Result<Stream>> accept();
  void close();

  std::uint16_t port() const { return port_; }
  /// Only this machine can connect.
  bool loopback() const { return loopback_; }

 private:
  struct Native;
  explicit Listener(std::unique_ptr<Native> native);
  std::unique_ptr<Native> native_;
  std::uint16_t port_ = 0;
  bool loopback_ = false;
};

}  // namespace tocsin::net
