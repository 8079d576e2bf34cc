#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "async/task_group.h"
#include "async/timers.h"
#include "base/clock.h"
#include "series/store.h"
#include "sources/schedule.h"
#include "sources/sharpening.h"
#include "sources/source.h"

namespace tocsin::sources {

/// Takes what the polls give. The app implements it: Ingester, then the rule engine. Called on the
/// main loop, one call at a time; must not wait.
class BatchSink {
 public:
  virtual ~BatchSink() = default;
  /// Before the first poll of a target, and again when its specification has changed.
  virtual void target_added(series::Origin origin, const TargetSpec& spec) = 0;
  virtual void batch_arrived(series::Origin origin, Batch batch) = 0;
  /// No batch of it follows.
  virtual void target_removed(series::Origin origin) = 0;
};

struct ManagerStats {
  std::uint64_t polls = 0;
  std::uint64_t failed = 0;   ///< polls that were not up
  std::uint64_t missed = 0;   ///< slots that passed while a poll was running
  std::uint64_t extra = 0;    ///< polls between the regular ones
  std::uint64_t overrun = 0;  ///< polls that did not end by themselves in time
};

/// Polls every target on its own schedule, never two polls of one target at once, so that a slow
/// or endless target delays nobody else. Main loop only. stop() it before it goes.
class Manager {
 public:
  struct Dependencies {
    boost::asio::any_io_executor executor;
    const base::Clock& clock;
    async::Timers& timers;
    BatchSink& sink;
    /// Who asks for polls between the regular ones; null: nobody.
    Sharpening* sharpening = nullptr;
  };
  explicit Manager(Dependencies dependencies);
  ~Manager();

  /// Makes these the targets: new ones start, missing ones end, those with a known id go on (with
  /// the new specification and source, in their rhythm unless the interval changed). Of two with
  /// one id the first counts. No effect once stopping.
  void set_targets(std::vector<Target> targets);

  /// Ends every poll, waiting at most `limit`. Targets are not reported as removed: what they
  /// showed stays as it was until the daemon is back.
  async::Task<> stop(base::Duration limit);

  /// The number of a target, stable for the life of the process. Also hands out numbers to other
  /// writers of series under names of their own, such as "rules".
  series::Origin origin_of(const std::string& id);

  ManagerStats stats() const { return stats_; }
  std::size_t size() const { return loops_.size(); }

 private:
  struct Loop;

  void start(Target target);
  void retire(std::unique_ptr<Loop> loop);
  void reap();
  async::Task<> run(Loop* loop);
  async::Task<Batch> poll_once(Loop* loop);
  /// When the next poll is due: the regular one, or one before it.
  base::MonotonicTime next_due(const Loop& loop, base::MonotonicTime began,
                               base::MonotonicTime regular, base::MonotonicTime now) const;

  Dependencies dependencies_;
  base::MonotonicTime started_;
  std::map<std::string, series::Origin> origins_;
  std::map<std::string, std::unique_ptr<Loop>> loops_;  // by target id
  std::vector<std::unique_ptr<Loop>> retired_;          // cancelled, not all ended yet
  ManagerStats stats_;
  bool stopping_ = false;
};

}  // namespace tocsin::sources
