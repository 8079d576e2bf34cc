#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "async/task.h"
#include "async/thread_queue.h"
#include "base/result.h"
#include "net/stream.h"

namespace tocsin::net {

/// Turns host names into addresses with the system's resolver, off the loop, a few at a time.
class Resolver {
 public:
  explicit Resolver(boost::asio::any_io_executor executor);

  /// In the order in which they should be tried. IP literals and "unix:/path" are answered at
  /// once. kUnavailable with the resolver's reason; kNotFound when there is no such name.
  async::Task<base::Result<std::vector<Address>>> resolve(std::string host, std::uint16_t port);

 private:
  async::ThreadQueue threads_;
};

/// The blocking part: the system's resolver, for use at start and on a thread.
base::Result<std::vector<Address>> resolve_blocking(const std::string& host, std::uint16_t port);

}  // namespace tocsin::net
