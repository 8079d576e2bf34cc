#include "net/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "async/deadline.h"
#include "async/event.h"
#include "async/real_clock.h"
#include "async/thread_queue.h"
#include "base/text.h"

namespace tocsin::net {
namespace {

using base::Error;
using base::ErrorCode;

/// A lookup that has ended, and how long it had a thread.
struct Looked {
  base::Result<std::vector<Address>> addresses;
  base::Duration took;
};

bool is_literal(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes;
  const std::string plain = host.substr(0, host.find('%'));
  return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, plain.c_str(), bytes.data()) == 1;
}

/// The address that needs no lookup.
std::optional<Address> literal(const std::string& host, std::uint16_t port) {
  if (host.starts_with("unix:")) {
    return Address{.ip = "", .port = 0, .unix_path = host.substr(5)};
  }
  if (is_literal(host)) {
    return Address{.ip = host, .port = port, .unix_path = ""};
  }
  return std::nullopt;
}

std::vector<Address> with_port(std::vector<Address> addresses, std::uint16_t port) {
  for (Address& address : addresses) {
    address.port = port;
  }
  return addresses;
}

}  // namespace

base::Result<std::vector<Address>> resolve_blocking(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  int outcome = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (outcome == EAI_NONAME || outcome == EAI_ADDRFAMILY) {
    // AI_ADDRCONFIG leaves out "localhost" on a machine that has nothing but a loopback.
    hints.ai_flags = 0;
    outcome = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  }
  if (outcome != 0) {
    const bool unknown = outcome == EAI_NONAME || outcome == EAI_NODATA;
    const ErrorCode code = unknown ? ErrorCode::kNotFound : ErrorCode::kUnavailable;
    return Error(code, "resolve " + host + ": " + ::gai_strerror(outcome));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    std::array<char, NI_MAXHOST> text;
    if (::getnameinfo(entry->ai_addr, entry->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) == 0) {
      addresses.push_back({.ip = text.data(), .port = port, .unix_path = ""});
    }
  }
  if (addresses.empty()) {
    return Error(ErrorCode::kUnavailable, "resolve " + host + ": no address");
  }
  return addresses;
}

/// What is known of a name. Its addresses are without port.
struct Resolver::Name {
  explicit Name(boost::asio::any_io_executor executor) : ended(std::move(executor)) {}

  std::vector<Address> good;                 ///< the last good answer; empty: none
  base::MonotonicTime good_at;               ///< when it came
  std::optional<base::Error> failure;        ///< of the last lookup
  bool slow = false;                         ///< the last lookup was
  std::optional<base::MonotonicTime> asked;  ///< of the lookup that runs or waits for its turn
  bool in_slow_thread = false;
  std::uint64_t lookups = 0;  ///< that have ended
  base::MonotonicTime used;
  async::Event ended;
};

struct Resolver::State : std::enable_shared_from_this<State> {
  State(boost::asio::any_io_executor loop, const base::Clock& time, async::Timers& waits,
        ResolverOptions settings)
      : executor(loop),
        clock(time),
        timers(waits),
        options(std::move(settings)),
        threads(std::move(loop), {.name = "resolver",
                                  .threads = options.threads,
                                  .max_queued = options.max_names,
                                  .join_limit = std::chrono::milliseconds(200)}) {}

  /// None when no room is left.
  std::shared_ptr<Name> find(const std::string& host, base::MonotonicTime now) {
    auto found = names.find(host);
    if (found == names.end()) {
      if (names.size() >= options.max_names && !forget_one()) {
        return nullptr;
      }
      found = names.emplace(host, std::make_shared<Name>(executor)).first;
    }
    found->second->used = now;
    return found->second;
  }

  /// The one that was used the longest ago; not one that is being looked up.
  bool forget_one() {
    auto oldest = names.end();
    for (auto entry = names.begin(); entry != names.end(); ++entry) {
      const bool older = oldest == names.end() || entry->second->used < oldest->second->used;
      if (!entry->second->asked && older) {
        oldest = entry;
      }
    }
    if (oldest == names.end()) {
      return false;
    }
    names.erase(oldest);
    return true;
  }

  bool knows(const Name& name, base::Duration age, base::MonotonicTime now) const {
    return !name.good.empty() && now - name.good_at < age;
  }

  /// Sees to it that a lookup of the name is under way.
  void ask(const std::string& host, Name& name, base::MonotonicTime now) {
    if (name.asked) {
      return;
    }
    name.asked = now;
    if (name.slow && slow_running >= options.slow_threads) {
      slow_waiting.push_back(host);
    } else {
      look_up(host, name);
    }
  }

  void look_up(const std::string& host, Name& name) {
    auto job = [host, lookup = options.lookup] {
      // The thread may outlive the daemon's clock.
      const async::RealClock watch;
      const base::MonotonicTime began = watch.monotonic_now();
      Looked looked{lookup ? lookup(host) : resolve_blocking(host, 0), {}};
      looked.took = std::chrono::ceil<base::Duration>(watch.monotonic_now() - began);
      return looked;
    };
    auto done = [weak = weak_from_this(), host](const base::Result<Looked>& looked) {
      if (const std::shared_ptr<State> state = weak.lock()) {
        state->finish(*state->names.at(host), looked);
        state->serve_slow();
      }
    };
    name.in_slow_thread = name.slow;
    slow_running += name.slow ? 1 : 0;
    const base::Status taken = threads.submit(std::move(job), std::move(done));
    if (!taken) {
      finish(name, base::Error(ErrorCode::kUnavailable, taken.error().message()));
    }
  }

  void finish(Name& name, const base::Result<Looked>& looked) {
    slow_running -= name.in_slow_thread ? 1 : 0;
    name.in_slow_thread = false;
    name.asked.reset();
    name.failure.reset();
    ++name.lookups;
    if (!looked) {
      name.failure = looked.error();
    } else {
      name.slow = looked->took > options.slow;
      if (looked->addresses) {
        name.good = *looked->addresses;
        name.good_at = clock.monotonic_now();
      } else {
        name.failure = looked->addresses.error();
      }
    }
    if (name.failure && name.failure->code() == ErrorCode::kNotFound) {
      name.good.clear();
    }
    name.ended.notify();
  }

  void serve_slow() {
    while (!slow_waiting.empty() && slow_running < options.slow_threads) {
      const std::string host = std::move(slow_waiting.front());
      slow_waiting.pop_front();
      look_up(host, *names.at(host));
    }
  }

  boost::asio::any_io_executor executor;
  const base::Clock& clock;
  async::Timers& timers;
  ResolverOptions options;
  std::map<std::string, std::shared_ptr<Name>> names;
  std::deque<std::string> slow_waiting;  ///< names that were slow, until a thread is free for them
  std::size_t slow_running = 0;
  std::uint64_t stand_ins = 0;
  async::ThreadQueue threads;  // last: nothing is called back once the rest goes
};

Resolver::Resolver(boost::asio::any_io_executor executor, const base::Clock& clock,
                   async::Timers& timers, ResolverOptions options)
    : state_(std::make_shared<State>(std::move(executor), clock, timers, std::move(options))) {}

Resolver::~Resolver() = default;

std::uint64_t Resolver::stand_ins() const { return state_->stand_ins; }

async::Task<base::Result<bool>> Resolver::ended(std::shared_ptr<Name> name, std::uint64_t before) {
  while (name->lookups == before) {
    const base::Status woken = co_await name->ended.wait();
    if (!woken) {
      co_return woken.error();
    }
  }
  co_return base::Result<bool>(true);
}

async::Task<base::Result<std::vector<Address>>> Resolver::resolve(std::string host,
                                                                  std::uint16_t port,
                                                                  base::MonotonicTime deadline) {
  if (const std::optional<Address> address = literal(host, port)) {
    co_return std::vector<Address>(1, *address);
  }
  host = base::to_lower(host);
  State& state = *state_;
  const base::MonotonicTime now = state.clock.monotonic_now();
  const std::shared_ptr<Name> name = state.find(host, now);
  if (!name) {
    co_return Error(ErrorCode::kUnavailable, "resolve " + host + ": too many lookups are waiting");
  }
  if (state.knows(*name, state.options.fresh, now)) {
    co_return with_port(name->good, port);
  }
  const bool known = state.knows(*name, state.options.usable, now);
  const std::uint64_t before = name->lookups;
  state.ask(host, *name, now);
  if (name->lookups == before) {
    auto end = ended(name, before);
    base::Result<bool> waited = true;
    if (!known) {
      waited = co_await std::move(end);
    } else {
      const base::MonotonicTime until =
          name->slow ? now
                     : std::min(*name->asked + state.options.patience, now + (deadline - now) / 2);
      waited = co_await async::with_deadline(state.timers, until, std::move(end));
    }
    if (!waited && waited.error().code() != ErrorCode::kTimeout) {
      co_return waited.error();
    }
    if (waited && !name->failure) {
      co_return with_port(name->good, port);
    }
  }
  if (known && !name->good.empty()) {
    ++state.stand_ins;
    co_return with_port(name->good, port);
  }
  co_return *name->failure;
}

}  // namespace tocsin::net
