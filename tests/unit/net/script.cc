#include "script.h"

#include <array>

namespace tocsin::net {

ScriptedPeer::ScriptedPeer(testing::RealLoop& loop, std::vector<Act> acts)
    : loop_(loop),
      acts_(std::move(acts)),
      listener_(Listener::open(loop.executor(), "127.0.0.1", 0).value()) {
  loop_.tasks().spawn("peer", accept());
}

std::string ScriptedPeer::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(port()) + path;
}

async::Task<> ScriptedPeer::accept() {
  while (true) {
    base::Result<Stream> stream = co_await listener_.accept();
    if (!stream) {
      co_return;
    }
    const Act& act = acts_[std::min(connections_, acts_.size() - 1)];
    ++connections_;
    auto shared = std::make_shared<Stream>(std::move(*stream));
    loop_.tasks().spawn("play", play(std::move(shared), act));
  }
}

async::Task<> ScriptedPeer::play(std::shared_ptr<Stream> stream, Act act) {
  if (act.close_first) {
    stream->close();
    co_return;
  }
  bool more = true;
  while (more) {
    std::string request;
    std::array<char, 4096> piece;
    while (request.find("\r\n\r\n") == std::string::npos) {
      const base::Result<std::size_t> got = co_await stream->read_some(piece.data(), piece.size());
      if (!got || *got == 0) {
        co_return;
      }
      request.append(piece.data(), *got);
    }
    requests_.push_back(request);
    const bool said = co_await say(stream, act);
    more = said && act.per_request;
  }
  if (act.keep_open) {
    std::array<char, 16> rest;
    const base::Result<std::size_t> got = co_await stream->read_some(rest.data(), rest.size());
    EXPECT_LE(got.value_or(0), rest.size());
  }
  stream->close();
}

async::Task<bool> ScriptedPeer::say(std::shared_ptr<Stream> stream, Act act) {
  if (act.pause > std::chrono::milliseconds(0)) {
    for (const char c : act.answer) {
      const std::string one(1, c);
      const base::Status written = co_await stream->write(one);
      const base::Status slept = co_await loop_.timers().sleep_until(loop_.in(act.pause));
      if (!written || !slept) {
        co_return false;
      }
    }
    co_return true;
  }
  bool open = true;
  do {
    const base::Status written = co_await stream->write(act.answer);
    open = written.has_value();
  } while (open && act.endless);
  co_return open;
}

}  // namespace tocsin::net
