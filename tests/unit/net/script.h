#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "net/listener.h"
#include "support/real_loop.h"

namespace tocsin::net {

/// What a scripted peer does with one connection after it has read a request's header.
struct Act {
  std::string answer;
  bool keep_open = false;              ///< and then says nothing more
  bool endless = false;                ///< repeats the answer for ever
  bool per_request = false;            ///< answers each request in the same way
  std::chrono::milliseconds pause{0};  ///< between single bytes of the answer
  bool close_first = false;            ///< without reading or answering
};

/// A peer that says what it is told, right or wrong. One act per connection, the last one repeats.
class ScriptedPeer {
 public:
  ScriptedPeer(testing::RealLoop& loop, std::vector<Act> acts);

  std::uint16_t port() const { return listener_.port(); }
  std::string url(const std::string& path = "/") const;
  /// The requests that came in, header and whatever came with it.
  const std::vector<std::string>& requests() const { return requests_; }
  std::size_t connections() const { return connections_; }

 private:
  async::Task<> accept();
  async::Task<> play(std::shared_ptr<Stream> stream, Act act);
  async::Task<bool> say(std::shared_ptr<Stream> stream, Act act);

  testing::RealLoop& loop_;
  std::vector<Act> acts_;
  Listener listener_;
  std::vector<std::string> requests_;
  std::size_t connections_ = 0;
};

}  // namespace tocsin::net
