#include "net/client_watch.h"

#include <array>
#include <chrono>
#include <optional>

#include "async/deadline.h"

namespace tocsin::net {
namespace {

constexpr auto kWatchAfter = std::chrono::milliseconds(20);
constexpr auto kLookEvery = std::chrono::milliseconds(100);
/// Of requests that a client sends before it has got its answer. With more than that it is not
/// read from, as before; only a reset is noticed then.
constexpr std::size_t kMaxStash = 64 * 1024;
constexpr std::string_view kInterim = "HTTP/1.1 102 Processing\r\n\r\n";

enum class Sent : std::uint8_t { kEnd, kReset, kTooMuch, kCancelled };

/// Reads ahead until the client sends no more.
async::Task<Sent> read_ahead(Stream& stream, RequestReader& reader) {
  std::array<char, 4096> piece;
  std::size_t stashed = 0;
  while (stashed < kMaxStash) {
    // A read that starts after the cancellation would not see it.
    const bool cancelled = co_await async::is_cancelled();
    if (cancelled) {
      co_return Sent::kCancelled;
    }
    const base::Result<std::size_t> got = co_await stream.read_some(piece.data(), piece.size());
    if (!got) {
      co_return got.error().code() == base::ErrorCode::kCancelled ? Sent::kCancelled : Sent::kReset;
    }
    if (*got == 0) {
      co_return Sent::kEnd;
    }
    reader.stash(std::string_view(piece.data(), *got));
    stashed += *got;
  }
  co_return Sent::kTooMuch;
}

}  // namespace

async::Task<> until_client_gone(WatchedClient client, const base::Clock& clock,
                                async::Timers& timers) {
  base::Status slept = co_await timers.sleep_until(clock.monotonic_now() + kWatchAfter);
  if (!slept) {
    co_return;
  }
  const Sent sent = co_await read_ahead(client.stream, client.reader);
  if (sent == Sent::kCancelled || sent == Sent::kReset) {
    co_return;
  }
  if (sent == Sent::kEnd) {
    // TLS has no half-closed connections in practice, and old clients take no interim answers.
    if (client.stream.encrypted() || !client.understands_interim) {
      co_return;
    }
    const base::Status probed = co_await client.stream.write(kInterim);
    if (!probed) {
      co_return;
    }
  }
  while (slept && !client.stream.broken()) {
    slept = co_await timers.sleep_until(clock.monotonic_now() + kLookEvery);
  }
}

}  // namespace tocsin::net
