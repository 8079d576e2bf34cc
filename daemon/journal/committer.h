#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "async/backoff.h"
#include "async/event.h"
#include "async/task.h"
#include "async/task_group.h"
#include "async/timers.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/random.h"
#include "base/result.h"
#include "journal/journal.h"
#include "model/record.h"

namespace tocsin::journal {

struct CommitterOptions {
  /// How long effects wait for a journal that refuses or hangs before they are released from
  /// memory. While it goes on refusing, later effects do not wait at all.
  base::Duration grace = std::chrono::seconds(1);
  /// Records that wait for a journal that is away; beyond, the oldest are given up and counted.
  std::size_t max_backlog = 100'000;
  /// Records per transaction.
  std::size_t max_batch = 2'000;
  async::BackoffOptions retry = {.first = std::chrono::milliseconds(500),
                                 .cap = std::chrono::seconds(30)};
};

/// How an effect was released.
struct Release {
  bool durable = true;         ///< false: from memory, because the journal refuses writes
  std::uint64_t sequence = 0;  ///< of the input's last record; 0 when not durable
};

/// What the committer tells its owner. Each may be empty.
struct CommitterHooks {
  /// The journal refuses: effects go out from memory until `on_recovered`.
  std::function<void(const std::string& reason)> on_degraded;
  /// The backlog is written. When records were given up, replay is only right from a snapshot that
  /// was taken after this call.
  std::function<void(std::uint64_t given_up)> on_recovered;
  /// Records that no journal can take (too large) were given up, and why.
  std::function<void(const std::string& reason)> on_unwritable;
  /// An exception left one of the committer's tasks: a bug in an effect.
  std::function<void(const std::string& what)> on_error;
};

/// Durable before visible: takes what each input decided, appends its records, and only then runs
/// its effect. Effects run in the order of their inputs, each exactly once, on the main loop, never
/// within commit(). Inputs that come while a transaction is on its way share the next one.
/// Main loop only. start() once; stop() before destruction.
class Committer {
 public:
  using Effect = std::move_only_function<void(const Release&)>;

  /// The borrowed objects must outlive the committer.
  struct Parts {
    Journal& journal;
    async::Timers& timers;
    const base::Clock& clock;
    base::Random& random;
  };

  Committer(boost::asio::any_io_executor executor, Parts parts, CommitterOptions options,
            CommitterHooks hooks);

  void start();

  /// Queues one input's records and effect. Both may be empty.
  void commit(std::vector<model::Record> records, Effect effect);

  /// Waits until everything is written; kTimeout when the deadline passes first.
  async::Task<base::Status> flush(base::MonotonicTime deadline);

  /// Flushes until the deadline, releases what is left from memory, and ends the tasks.
  async::Task<base::Status> stop(base::MonotonicTime deadline);

  /// What somebody found who asked the journal a question: one that does not answer is degraded
  /// before any input has waited for it, and is well again when it answers and nothing waits.
  void heard(bool answers);

  /// Whether effects are released from memory at present.
  bool degraded() const { return degraded_; }
  /// Inputs that are not written yet.
  std::size_t backlog() const { return entries_.size(); }
  /// Records given up since the start.
  std::uint64_t given_up() const { return given_up_; }
  const std::string& last_error() const { return last_error_; }

 private:
  struct Entry {
    std::vector<model::Record> records;
    Effect effect;  // empty once it has run
    base::MonotonicTime queued;
  };

  async::Task<> write_loop();
  async::Task<> release_loop();
  std::vector<model::Record> take_batch();
  void settle(std::size_t count, std::uint64_t last_sequence);
  void give_up_front(const base::Error& why);
  void release_next();
  void degrade();
  void bound_backlog();
  void note_recovery();

  Parts parts_;
  CommitterOptions options_;
  CommitterHooks hooks_;
  async::Backoff backoff_;
  async::Event filled_;
  async::Event drained_;
  async::Event retry_now_;
  std::deque<Entry> entries_;   // oldest first
  std::size_t in_flight_ = 0;   // of those, from the front, on their way to the disk
  std::size_t released_ = 0;    // of those, from the front, whose effects have run
  std::size_t records_ = 0;     // in all entries
  std::size_t one_by_one_ = 0;  // entries to write alone, to find the one that cannot be written
  std::uint64_t last_sequence_ = 0;
  std::uint64_t given_up_ = 0;
  std::uint64_t given_up_before_ = 0;  // at the last recovery
  bool degraded_ = false;
  std::string last_error_;
  async::TaskGroup tasks_;
};

}  // namespace tocsin::journal
