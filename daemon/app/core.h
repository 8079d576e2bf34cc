#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "incidents/registry.h"
#include "model/alert.h"
#include "model/notice.h"
#include "model/record.h"
#include "routing/dispatcher.h"
#include "routing/outbox.h"
#include "rules/engine.h"

namespace tocsin::app {

/// What one input leads to. The records belong in one transaction; everything else may be released
/// when that has been written.
struct Outcome {
  std::vector<model::Record> records;
  std::vector<model::Notice> send;             ///< to hand to notifiers
  std::vector<incidents::Event> events;        ///< for the log
  std::vector<model::AlertChange> changes;     ///< for the log and for forwarding
  std::vector<rules::RecordedSample> samples;  ///< to write before the next stage is planned
  std::vector<rules::RuleError> errors;        ///< for the log
  std::vector<std::string> given_up;           ///< ids of notices that nobody will get; for the log

  bool empty() const { return records.empty() && send.empty(); }
};

struct CoreOptions {
  rules::EngineOptions engine;
  incidents::Config incidents;
  routing::DispatcherOptions dispatcher;
  routing::OutboxOptions outbox;
};

/// The state machines of rules, incidents, routing and delivery behind one door. Each call takes
/// one input, applies the records it leads to at once, and returns them with their effects.
/// Pure: no socket, clock or file. Main loop only.
///
/// Start: restore(), started(). Then inputs in any order.
class Core {
 public:
  Core(CoreOptions options, rules::QueryFunction query, base::Random& random);

  /// Takes a new configuration and new rule groups; state stays where it still has a place.
  Outcome reload(CoreOptions options, std::vector<rules::Group> groups,
                 const std::vector<rules::QuarantinedGroup>& quarantined, base::WallTime now,
                 base::MonotonicTime mono);

  /// Loads the rule groups, then folds in a stored snapshot and the records after it.
  base::Status restore(std::vector<rules::Group> groups,
                       const std::vector<rules::QuarantinedGroup>& quarantined,
                       const std::optional<boost::json::object>& snapshot,
                       std::span<const model::Record> records, base::WallTime now,
                       base::MonotonicTime mono);
  /// Ends the replay: compares what was restored with what is configured.
  Outcome started(base::WallTime now, base::MonotonicTime mono);

  /// Results of one stage of a round came back.
  Outcome on_results(std::vector<rules::JobResult> results, base::WallTime now,
                     base::MonotonicTime mono);
  /// A notifier has answered.
  Outcome on_delivery(const model::Notice& notice, const routing::DeliveryOutcome& outcome,
                      base::WallTime now);
  /// A notice's receiver or integration is gone.
  Outcome on_unroutable(std::string_view notice_id, const std::string& reason, base::WallTime now);
  /// Time has passed.
  Outcome on_tick(base::WallTime now);
  /// To be called every minute or so, and before the end: says in the journal that pending alerts
  /// are being watched.
  Outcome on_housekeeping(base::WallTime now);
  /// The wall clock was set by more than the tolerance.
  Outcome on_clock_step(base::Duration delta, base::WallTime now);
  /// A delivery ended without an outcome: it is due again.
  void on_cancelled(std::string_view notice_id) { outbox_.clear_in_flight(notice_id); }

  /// The journal has written a record that an outcome held; 0: not yet.
  void note_written(const model::Record& record, std::uint64_t sequence);

  /// The only mutator of journalled state, here for replay.
  base::Status apply(const model::Record& record);
  boost::json::object save() const;

  /// When on_tick() has something to do next; the rule engine's deadlines are its own.
  std::optional<base::WallTime> next_deadline() const;

  rules::Engine& engine() { return *engine_; }
  const rules::Engine& engine() const { return *engine_; }
  const rules::EngineOptions& engine_options() const { return engine_options_; }
  const incidents::Registry& incidents() const { return incidents_; }
  const routing::Dispatcher& dispatcher() const { return dispatcher_; }
  const routing::Outbox& outbox() const { return outbox_; }

 private:
  void take(std::vector<model::Record> records, Outcome& outcome);
  void take_engine(rules::Decision decision, base::WallTime now, Outcome& outcome);
  void follow_changes(base::WallTime now, std::span<const model::AlertChange> changes,
                      Outcome& outcome);
  void follow_data(base::WallTime now, std::span<const rules::DataChange> changes,
                   Outcome& outcome);
  void run_due(base::WallTime now, Outcome& outcome);
  void dispatch(routing::DispatchDecision decision, Outcome& outcome);
  void reconcile(base::WallTime now, Outcome& outcome);

  rules::EngineOptions engine_options_;
  rules::QueryFunction query_;
  std::unique_ptr<rules::Engine> engine_;
  incidents::Registry incidents_;
  routing::Dispatcher dispatcher_;
  routing::Outbox outbox_;
  std::optional<base::WallTime> last_record_;  // when the newest record was decided
  base::Random& random_;
};

}  // namespace tocsin::app
