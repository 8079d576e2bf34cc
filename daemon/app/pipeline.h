#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "app/core.h"
#include "app/metrics.h"
#include "app/repeat_filter.h"
#include "app/steady_wall.h"
#include "async/event.h"
#include "async/task_group.h"
#include "async/timers.h"
#include "base/clock.h"
#include "base/random.h"
#include "blocks/keeper.h"
#include "journal/committer.h"
#include "journal/journal.h"
#include "notifiers/notifier.h"
#include "series/store.h"

namespace tocsin::app {

/// Receiver and integration: who delivers a notice.
using IntegrationId = std::pair<std::string, std::string>;
using Notifiers = std::map<IntegrationId, std::shared_ptr<notifiers::Notifier>>;

/// The borrowed world of a pipeline; everything outlives it.
struct PipelineParts {
  boost::asio::any_io_executor executor;
  const base::Clock& clock;
  async::Timers& timers;
  base::Random& random;
  journal::Journal& journal;
  series::Store& store;
  Metrics& metrics;
  blocks::Keeper* keeper = nullptr;  ///< null where samples are in memory only
};

struct PipelineOptions {
  /// A snapshot of the state is stored after so many records: storing it holds up commits, and with
  /// them notices, by some milliseconds. A restart after kill -9 replays up to as many.
  std::size_t snapshot_every = 5000;
  /// Records of alerts alone go after this; see design "The journal is the truth".
  base::Duration record_retention = std::chrono::hours(24 * 30);
};

/// The shell around Core: a batch has been stored, rules run, what they decide becomes durable, and
/// only then visible. Main loop only. start(), then inputs, then stop().
class Pipeline {
 public:
  Pipeline(PipelineParts parts, CoreOptions core, PipelineOptions options);

  /// Reads the journal back and takes the rules. Ends when the state is whole; notices that were
  /// not finished are sent from then on.
  async::Task<base::Status> start(std::vector<rules::Group> groups,
                                  std::vector<rules::QuarantinedGroup> quarantined);

  /// A batch is in the store: wakes the rules that read it, which run before long. Batches that
  /// arrive in the same turn of the loop are looked at together.
  void on_arrival(const rules::Arrival& arrival);
  /// Whether a rule that reads this origin is pending or close to its threshold.
  bool wants_sharper(series::Origin origin);
  void set_live_origins(const std::vector<rules::LiveOrigin>& origins);

  void reload(CoreOptions core, std::vector<rules::Group> groups,
              const std::vector<rules::QuarantinedGroup>& quarantined);
  void set_notifiers(Notifiers notifiers) { notifiers_ = std::move(notifiers); }

  /// Called with every change of an alert, after it is durable.
  void on_changes(std::function<void(std::span<const model::AlertChange>)> listener) {
    listener_ = std::move(listener);
  }

  /// Called when the times of what is stored have moved, because the wall clock was set back.
  void on_times_shifted(std::function<void(base::Duration)> listener) {
    shift_listener_ = std::move(listener);
  }

  /// Evaluates one expression at `time`, as a template's `query` does: on what is at hand.
  base::Result<promql::Evaluation> query(const promql::Query& query, base::WallTime time) const;
  /// Reads what selections need of samples that have left memory, before somebody takes a snapshot
  /// of them: the provisions belong to that snapshot.
  async::Task<base::Result<std::vector<series::Provision>>> load(
      std::vector<series::Selection> selections);

  const Core& core() const { return core_; }
  const journal::Committer& committer() const { return committer_; }
  /// What a question to the journal found; see journal::Committer::heard().
  void journal_heard(bool answers) { committer_.heard(answers); }
  /// Wall time as the machines see it.
  base::WallTime now() { return look().wall; }
  /// Whether a due look at a rule or deadline is late by more than this.
  bool is_late(base::Duration limit) const;

  /// Cancels deliveries, writes what is pending and stores a snapshot.
  async::Task<base::Status> stop(base::MonotonicTime deadline);

 private:
  struct Moment {
    base::WallTime wall;
    base::MonotonicTime mono;
  };

  Moment look();
  void run_rounds(Moment moment);
  void take_over_series(Moment moment);
  /// Whether a job's samples are at hand; if not, they are being read.
  bool at_hand(const rules::Job& job);
  void commit(Outcome outcome, Moment moment);
  void release(Outcome outcome, const journal::Release& release, base::MonotonicTime decided);
  /// Milliseconds since a sample's arrival; empty when it is not known (after a restart).
  std::string since(std::optional<base::MonotonicTime> arrival) const;
  void log_outcome(const Outcome& outcome) const;
  void write_samples(const std::vector<rules::RecordedSample>& samples);
  async::Task<> deliver(model::Notice notice);
  void book(const model::Notice& notice, const notifiers::Outcome& outcome);
  async::Task<> run_arrivals();
  async::Task<> run_timers();
  async::Task<> store_snapshot(journal::StoredSnapshot snapshot);
  async::Task<> expire_records();
  async::Task<> expire_samples();
  std::optional<base::MonotonicTime> next_deadline();

  PipelineParts parts_;
  PipelineOptions options_;
  SteadyWall wall_;
  Core core_;
  Notifiers notifiers_;
  std::function<void(std::span<const model::AlertChange>)> listener_;
  std::function<void(base::Duration)> shift_listener_;
  journal::Committer committer_;
  async::Event arrived_;
  std::vector<base::MonotonicTime> arrivals_;  // that no round has looked at yet
  async::Event wake_;
  base::MonotonicTime next_expiry_;
  std::optional<base::MonotonicTime> due_;
  std::size_t records_since_snapshot_ = 0;
  std::uint64_t last_sequence_ = 0;  // of the last record that is known to be written …
  bool sequence_known_ = true;       // … unless effects were released from memory since
  bool running_ = false;
  bool snapshot_wanted_ = false;
  std::size_t next_watch_ = 0;  // which rule's nearness is looked at first next time
  RepeatFilter repeated_;
  async::TaskGroup tasks_;
};

}  // namespace tocsin::app
