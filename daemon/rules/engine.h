#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "base/clock.h"
#include "model/alert.h"
#include "model/record.h"
#include "promql/query.h"
#include "rules/rule.h"
#include "rules/view.h"
#include "series/snapshot.h"
#include "series/store.h"

/// The rule engine: which rule is looked at when, and what becomes of its alerts. Pure: time is an
/// argument, samples come as snapshots, recorded samples and alert changes go out as effects.
/// Main loop only, but for evaluate().
namespace tocsin::rules {

struct Kept;  // rules/kept.h

/// Runs a query for a template's `query` function, at the evaluation's time.
using QueryFunction =
    std::function<base::Result<promql::Vector>(const std::string& expression, base::WallTime)>;

struct EngineOptions {
  base::Duration evaluation_interval = std::chrono::minutes(1);
  EvaluationMode evaluation = EvaluationMode::kRound;
  /// All looks together take at most this share of one core on average: costly rules in rounds
  /// are looked at less often, cheap ones stay immediate. 0: no bound.
  double evaluation_cpu_share = 0.25;
  base::Duration resend_delay = std::chrono::minutes(1);
  /// How long a resolved alert is still listed and resent.
  base::Duration resolved_retention = std::chrono::minutes(15);
  /// No restart holds a missing alert longer than this, however far its rule reads back.
  base::Duration max_restart_hold = std::chrono::hours(2);
  NoData no_data = NoData::kOk;
  /// After this time an alert that NoData::kKeep keeps is told to miss its data.
  base::Duration no_data_keep = std::chrono::minutes(15);
  model::Labels external_labels;
  std::string external_url;
  promql::EvalOptions promql;
  /// What expressions may use that come later than the rules: queries of templates and of people.
  promql::ParseOptions parse;
};

/// A target or source that is being polled.
struct LiveOrigin {
  series::Origin origin = 0;
  base::Duration poll_interval{0};  ///< 0: unknown, as for pushes
};

/// A batch that a source delivered, failed ones included.
struct Arrival {
  series::Origin origin = 0;
  bool up = true;
  base::MonotonicTime arrived;
  std::span<const series::Created> created;  ///< series that are new with it
  /// The series that got samples, where only rules that read one of them have something to see:
  /// pushes, all of which are one origin. Nothing: whoever reads the origin is concerned.
  std::optional<std::span<const series::NamedSeries>> touched{};
};

/// One rule to evaluate at one time against one snapshot.
struct Job {
  std::size_t group = 0;
  std::size_t rule = 0;
  base::WallTime time;  ///< evaluation time, query_offset not yet subtracted
  promql::Query query;
  std::vector<series::Selection> selections;
  base::WallTime query_time;     ///< `time` less the group's query_offset: what to evaluate at
  std::uint64_t generation = 0;  ///< of the loaded rules; evaluate() hands it back
  /// Label sets of alerts: evaluate() reports whether their inputs have samples.
  std::vector<model::Labels> watched;
  /// Belongs to the rule; null while it reads nothing.
  std::shared_ptr<Kept> kept{};
};

/// Jobs of a round that may run together; those of the next stage read what these record.
struct Stage {
  std::vector<Job> jobs;
};

/// What the snapshot holds for one label set that the engine asked about.
struct WatchedInputs {
  bool complete = false;                ///< each selector has a fresh series that fits it
  std::vector<series::Origin> origins;  ///< of all fitting series, stale ones included
};

struct JobResult {
  std::size_t group = 0;
  std::size_t rule = 0;
  base::WallTime time;
  base::Result<promql::Evaluation> evaluation;
  std::vector<series::Origin> reads;  ///< origins of the series that were selected
  bool nothing_selected = false;      ///< no series at all, stale ones included
  double seconds = 0;                 ///< measured by the shell
  std::uint64_t generation = 0;
  std::vector<WatchedInputs> watched;  ///< parallel to Job::watched
};

/// A sample to write: a recorded series, ALERTS or ALERTS_FOR_STATE, or a stale marker. `put`
/// semantics: one value per slot, a later one replaces it. The shell writes them with origin 0
/// before it asks for the next stage.
struct RecordedSample {
  model::Labels labels;
  model::Sample sample;
  /// In place of the sample's value; null for floats.
  model::HistogramPtr histogram{};
};

/// Somebody was looking until `now`: written now and then while alerts are pending, and changes
/// nothing, so that a later start can tell how long nobody did.
model::Record watched_record(base::WallTime now);
/// Nobody was looking for so long: it does not count towards `for`.
model::Record unwatched_record(base::WallTime now, base::Duration lasted);

/// How many rules are looked at in which way.
struct EvaluationKinds {
  std::size_t incremental = 0;  ///< see promql::is_incremental()
  std::size_t full = 0;
};

struct AlertCounts {
  std::size_t pending = 0;
  std::size_t firing = 0;
};

/// A rule could not be evaluated, or a text of it could not be made.
struct RuleError {
  std::string group;
  std::string message;  ///< with file, group and rule
};

/// What is known of the data behind an active alert, with NoData::kKeep.
struct DataChange {
  enum class Kind : std::uint8_t {
    kHeld,     ///< it cannot be polled, and the alert is kept
    kMissing,  ///< that has lasted for EngineOptions::no_data_keep; the alert is still kept
    kBack,
  };
  Kind kind = Kind::kHeld;
  model::Labels labels;
  base::WallTime since;  ///< when it went
};

struct Decision {
  std::vector<model::Record> records;
  std::vector<model::AlertChange> changes;
  std::vector<DataChange> data;
  std::vector<RecordedSample> samples;
  /// Errors of evaluation or templating, for logs and metrics; each look at a rule reports its own.
  std::vector<RuleError> errors;
};

/// How close a rule is to a change.
struct Watch {
  std::size_t pending = 0;  ///< alerts that wait for their `for`
  std::size_t firing = 0;
  /// Yields more elements than `firing` when something is close to the threshold; may be null.
  const promql::Query* near = nullptr;
};

/// The snapshot of a job's selections, for evaluate() at once: it goes with the next commit. What a
/// look costs depends on what has come since the last one more than on what the rule reads.
/// Store::snapshot() gives one that stays, and the same results.
series::Snapshot live_snapshot(const Job& job, series::Store& store);

/// Evaluates one job against the snapshot of its selections. Pure, for any thread as far as the
/// snapshot is; not twice at a time for the same rule. `seconds` is left to the shell. An exceeded
/// limit or a type error comes back within the result.
JobResult evaluate(const Job& job, const series::Snapshot& snapshot, const EngineOptions& options);

/// Decides which rule is looked at when, and what becomes of its alerts.
///
/// Journalled state (pending, firing and lately resolved alerts) changes only through apply() and
/// load_state(). Everything else is volatile: schedule, health, last values and annotations, what
/// a rule reads, and which series it wrote last; decide() and plan_round() may update that.
///
/// Start: load(), load_state() with the snapshot's part, apply() each later record,
/// finish_restore(), set_live_origins(), then polls. The loop:
///
///     engine.on_arrival(arrival, wall, mono);
///     while (auto stage = engine.plan_round(wall, mono)) {
///       results = evaluate(job, live_snapshot(job, store), options) for each job
///       decision = engine.decide(std::move(results), wall, mono);
///       for (record : decision.records) engine.apply(record);   // at once, before the journal
///       write decision.samples with Appender::put(), origin 0; release changes once durable
///     }
///     sleep until engine.next_deadline(wall, mono) or the next arrival
class Engine {
 public:
  Engine(EngineOptions options, QueryFunction query);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Takes these groups from now on. State stays for rules whose file, group, name and labels are
  /// unchanged (among equals: by order, as Prometheus does). A rule that is gone hands its alerts
  /// to a new one of its name and labels, as when a file or group is renamed; see
  /// find_successors(). A quarantined group keeps its earlier version when there is one. Firing
  /// alerts of rules that are gone and that no rule takes are resolved by the decision, but not
  /// before finish_restore(), nor while a group of that name is quarantined. Not between
  /// plan_round() and decide(): such results are dropped.
  Decision load(std::vector<Group> groups, const std::vector<QuarantinedGroup>& quarantined,
                base::WallTime wall, base::MonotonicTime mono);

  /// Ends the replay: alerts present now count as restored. Those without a rule go to another one
  /// or are resolved, as by load().
  Decision finish_restore(base::WallTime wall, base::MonotonicTime mono);

  /// The names of series that rules write.
  std::set<std::string> written_names() const;
  /// Series that rules wrote before the start and the store still shows: their rule ends them at
  /// its next look, unless it writes them again. Gives the ends of those that no rule writes. After
  /// finish_restore().
  std::vector<RecordedSample> take_over(const std::vector<model::Labels>& series,
                                        base::WallTime wall);

  /// The polled origins, all of them. A new set replaces the old one.
  void set_live_origins(const std::vector<LiveOrigin>& origins, base::MonotonicTime mono);

  /// A batch is committed to the store. An origin that is not known becomes live.
  void on_arrival(const Arrival& arrival, base::WallTime wall, base::MonotonicTime mono);

  /// The next stage of the running round, or the first of a new one; nothing when nothing is due
  /// or a stage is out. All jobs of a stage must come back together through decide().
  std::optional<Stage> plan_round(base::WallTime wall, base::MonotonicTime mono);

  /// For rule tests: a round of every rule at exactly this time, in Prometheus' order. Ask
  /// plan_round() for its further stages.
  std::optional<Stage> plan_at(base::WallTime time);

  Decision decide(std::vector<JobResult> results, base::WallTime wall, base::MonotonicTime mono);

  /// The only mutator of journalled state: "alert.*" and "clock.stepped"; others are ignored.
  base::Status apply(const model::Record& record);

  /// When plan_round() should be asked again even if nothing arrives.
  std::optional<base::MonotonicTime> next_deadline(base::WallTime wall,
                                                   base::MonotonicTime mono) const;

  /// The journalled state, for snapshots.
  boost::json::object save() const;
  base::Status load_state(const boost::json::object& state);

  /// The alerting rules that read this origin, to decide whether it should be polled more often.
  std::vector<Watch> watches(series::Origin origin);

  std::vector<GroupView> view(base::WallTime wall) const;
  AlertCounts alert_counts() const;
  EvaluationKinds evaluation_kinds() const;
  /// Looks that had to wait for their turn, since the start.
  std::uint64_t late_evaluations() const;
  /// Looks that were left out meanwhile, and slots of the grid that passed unevaluated.
  std::uint64_t missed_evaluations() const;
  /// Firing alerts, and resolved ones within resolved_retention: what is sent to Alertmanagers.
  std::vector<model::Alert> firing(base::WallTime wall) const;
  /// How far back any loaded rule reads, for the retention of series.
  base::Duration longest_reach() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin::rules
