#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "async/task.h"
#include "async/timers.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/result.h"
#include "net/stream.h"

namespace tocsin::net {

struct ResolverOptions {
  /// Lookups at once; a thread is started only when all others are busy.
  std::size_t threads = 16;
  /// How many of them names may take whose lookup was slow before.
  std::size_t slow_threads = 8;
  /// From here a lookup counts as slow.
  base::Duration slow = std::chrono::seconds(1);
  /// How long an answer is used without another lookup.
  base::Duration fresh = std::chrono::seconds(5);
  /// How long an answer may stand in for lookups that hang or fail.
  base::Duration usable = std::chrono::hours(1);
  /// How long a lookup may take before such an answer stands in for it.
  base::Duration patience = std::chrono::milliseconds(500);
  /// Names to remember.
  std::size_t max_names = 4096;
  /// Looks a name up and may take its time; run on a thread. Empty: resolve_blocking().
  std::function<base::Result<std::vector<Address>>(const std::string& host)> lookup;
};

/// Turns host names into addresses with the system's resolver, off the loop. A name server that
/// does not answer holds the system's resolver for many seconds, so:
///
/// - One lookup per name runs at a time, and all who ask meanwhile share it. It goes on to its end
///   when they leave.
/// - An answer is fresh for 5 s. Then the next one who asks has the name looked up again and waits
///   for that.
/// - When that takes longer than 500 ms (or half of the caller's time), or fails for now, the last
///   good answer stands in, for up to an hour. A name whose last lookup was slow is answered from
///   there at once. That the name does not exist is an answer: the addresses are forgotten.
/// - 16 lookups run at once. Of these, names that were slow before (1 s) get 8, in turn, so that
///   they leave the rest to the others.
///
/// Main loop only.
class Resolver {
 public:
  Resolver(boost::asio::any_io_executor executor, const base::Clock& clock, async::Timers& timers,
           ResolverOptions options = {});
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// In the order in which they should be tried. IP literals and "unix:/path" are answered at
  /// once. kUnavailable with the resolver's reason; kNotFound when there is no such name. The
  /// caller still sees to the deadline: without an answer to stand in, this waits for the lookup.
  async::Task<base::Result<std::vector<Address>>> resolve(std::string host, std::uint16_t port,
                                                          base::MonotonicTime deadline);

  /// How often an older answer stood in for a lookup that hung or failed.
  std::uint64_t stand_ins() const;

 private:
  struct Name;
  struct State;

  /// Waits until more lookups of the name than `before` have ended.
  static async::Task<base::Result<bool>> ended(std::shared_ptr<Name> name, std::uint64_t before);

  std::shared_ptr<State> state_;
};

/// The blocking part: the system's resolver, for use at start and on a thread.
base::Result<std::vector<Address>> resolve_blocking(const std::string& host, std::uint16_t port);

}  // namespace tocsin::net
