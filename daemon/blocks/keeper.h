#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "async/blocking_thread.h"
#include "async/event.h"
#include "async/task.h"
#include "async/task_group.h"
#include "async/timers.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/result.h"
#include "series/store.h"

namespace tocsin::blocks {

class SeriesFile;
struct SealedRange;

struct KeeperOptions {
  std::string path;  ///< of the SQLite file; empty: samples stay in memory only
  /// How often what was committed goes to the log: so much a kill can take along.
  base::Duration flush_every = std::chrono::milliseconds(500);
  /// Everything is sealed into blocks at least so often, and when the log has grown to so much,
  /// which bounds how long a start reads it.
  base::Duration seal_every = std::chrono::hours(1);
  std::uint64_t seal_log_bytes = 64U << 20;
  /// Places of the store's table per block: some hundred bytes of block each.
  std::uint32_t slots_per_block = 8192;
  /// Blocks of the window in memory that a start reads back at most, beside those it has to.
  std::uint64_t restore_bytes = 64U << 20;
  /// How far back memory holds samples; older ones are read from blocks.
  base::Duration window = std::chrono::hours(2);
  base::Duration min_window = std::chrono::minutes(10);
  /// How far back samples are accepted, when the window is shorter and memory suffices.
  base::Duration accept_late = std::chrono::hours(1);
  base::Duration retention = std::chrono::hours(24 * 15);
  /// All blocks together; the oldest go first. 0: no limit.
  std::uint64_t retention_bytes = 0;
  /// Of series, index and what was read of blocks. Beyond, the window shrinks, then new series are
  /// refused. 0: no limit.
  std::uint64_t memory_bytes = 0;
  std::uint64_t history_bytes = 16U << 20;  ///< of what was read of blocks, at hand for later
  std::uint64_t query_bytes = 256U << 20;   ///< that one load() may take
  std::size_t max_backlog = 2'000'000;      ///< samples that wait for a disk that refuses
  /// Memory holds what a refusing disk did not take so long, and less when memory is short.
  base::Duration max_unsealed = std::chrono::hours(6);
  /// A disk that has not answered for so long refuses.
  base::Duration patience = std::chrono::seconds(20);
  std::size_t max_series = 2'000'000;
  std::uint64_t max_file_bytes = 0;  ///< like a full disk; for tests
  bool inline_jobs = false;          ///< no thread; for simulations
};

/// What a start found.
struct RestoreReport {
  std::uint64_t series = 0;
  std::uint64_t samples = 0;
  std::uint64_t blocks_read = 0;
  std::uint64_t log_rows = 0;
  std::uint64_t damaged_blocks = 0;
  std::uint64_t damaged_log_rows = 0;
  std::uint64_t unknown_samples = 0;  ///< whose series only a damaged block named
  bool moved_aside = false;   ///< the file was damaged: a new one was made of what could be read
  base::Duration shifted{0};  ///< the clock was set back since: the samples moved along
};

struct KeeperStats {
  std::uint64_t blocks = 0;
  std::uint64_t block_bytes = 0;
  std::uint64_t log_bytes = 0;  ///< since the last seal
  std::uint64_t sealed_blocks_total = 0;
  std::uint64_t dropped_blocks_total = 0;
  std::uint64_t read_blocks_total = 0;
  std::uint64_t damaged_total = 0;  ///< blocks and rows of the log, set aside
  std::uint64_t write_failures_total = 0;
  std::uint64_t given_up_samples_total = 0;  ///< of the log, while the disk refused
  std::uint64_t unsealed_dropped_total = 0;  ///< left memory before the disk took them
  std::uint64_t history_bytes = 0;
  base::Duration window{0};   ///< that memory covers at present
  bool writable = false;      ///< the last write went well
  bool memory_short = false;  ///< the window is cut, or new series are refused
};

/// What the keeper tells its owner; either may be empty. Constant messages, then details.
struct KeeperHooks {
  std::function<void(const std::string& message, const std::string& detail)> warn;
  std::function<void(const std::string& message, const std::string& detail)> error;
};

/// Keeps a store's samples on disk: writes the log, seals blocks, drops what retention no longer
/// covers, reads blocks for questions that reach back, and bounds memory. All SQL runs on a thread
/// of its own. A failing disk costs history, never detection: the store goes on in memory.
/// Main loop only. open(), start(), then stop() before destruction; the store outlives it.
class Keeper {
 public:
  struct Parts {
    boost::asio::any_io_executor executor;
    const base::Clock& clock;
    async::Timers& timers;
    series::Store& store;
  };

  Keeper(Parts parts, KeeperOptions options, KeeperHooks hooks);
  ~Keeper();

  /// Opens or creates the file and puts into the store, which has to be new, what it holds. A
  /// damaged file is moved aside. After an error the store is not durable, and may be used so.
  async::Task<base::Result<RestoreReport>> open();
  void start();

  /// Changes limits of a running keeper: window, retention, memory.
  void configure(const KeeperOptions& options);

  /// Reads the blocks that these selections need. What it gives goes to Store::snapshot().
  /// kLimitExceeded when that would be too much for memory.
  async::Task<base::Result<std::vector<series::Provision>>> load(
      std::vector<series::Selection> selections);
  /// Does the same in the background, for questions that are asked again and again: rules.
  void want(std::vector<series::Selection> selections);

  /// Seals everything now.
  async::Task<base::Status> seal();
  /// Writes what was committed so far.
  async::Task<base::Status> flush();
  /// Applies retention now.
  async::Task<base::Status> drop_old();
  /// Looks at memory now and, when it is short, acts at once; see KeeperOptions::memory_bytes.
  async::Task<> bound_memory();

  /// Writes what is pending and ends the tasks. A disk that does not answer by the deadline is left
  /// to itself, with the thread that waits for it: kTimeout.
  async::Task<base::Status> stop(base::MonotonicTime deadline);

  KeeperStats stats() const;

 private:
  struct Shared;

  async::Task<> flush_loop();
  async::Task<> memory_loop();
  async::Task<> seal_loop();
  async::Task<> load_wanted();
  async::Task<base::Status> write_pending();
  async::Task<base::Status> seal_ranges();
  async::Task<base::Result<SealedRange>> seal_one(std::uint32_t from, std::uint64_t id);
  async::Task<base::Status> drop_block(series::BlockInfo block);
  void note_write(const base::Status& status);
  void give_up_old();
  async::Task<> set_aside(std::uint64_t block, base::Error error);
  /// Counts what tells that the file is damaged.
  void note_damage(const base::Status& status);
  /// Makes a new file of the damaged one, into which all of memory is to be sealed again.
  async::Task<> begin_anew();
  /// Whether it could be cut.
  bool cut_window(std::uint64_t bytes);
  void relax();
  void give_up_unsealed();
  void warn(const std::string& message, const std::string& detail) const;

  Parts parts_;
  KeeperOptions options_;
  KeeperHooks hooks_;
  std::shared_ptr<Shared> shared_;
  std::unique_ptr<async::BlockingThread> thread_;
  async::Event seal_now_;
  async::Event flushed_;
  async::Event wanted_event_;
  std::vector<series::Selection> wanted_;
  std::unique_ptr<series::LogBatch> pending_;  // taken from the store, not written
  KeeperStats stats_;
  std::uint64_t next_block_ = 1;
  std::uint64_t first_needed_block_ = 0;  // from here on blocks name the series of the log
  std::uint64_t next_log_row_ = 0;
  std::int64_t stored_shift_ms_ = 0;
  int damage_seen_ = 0;
  std::size_t series_limit_ = 0;  // what memory leaves of max_series
  base::MonotonicTime sealed_at_;
  base::MonotonicTime flush_begun_;
  base::MonotonicTime bounded_at_;  // when memory was short last
  bool open_ = false;
  bool sealing_ = false;
  bool flushing_ = false;
  async::TaskGroup tasks_;
};

}  // namespace tocsin::blocks
