#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/result.h"
#include "exposition/parse.h"
#include "model/fact.h"
#include "model/labels.h"
#include "promql/query.h"
#include "series/snapshot.h"

/// What the API shows and may ask for, as plain values and small interfaces. The app implements
/// them over the rooms that own the state. Everything here is for the main loop only.
namespace tocsin::api {

struct AlertView {
  model::Labels labels;
  model::Labels annotations;
  std::string state;  ///< "pending" or "firing"
  base::WallTime active_at;
  std::optional<base::WallTime> keep_firing_since;
  double value = 0;
  std::optional<base::WallTime> data_missing_since = {};  ///< kept although it cannot be polled
};

struct RuleView {
  bool alerting = false;
  std::string name;
  std::string query;
  base::Duration for_duration{0};
  base::Duration keep_firing_for{0};
  model::Labels labels;       ///< as written, before templating
  model::Labels annotations;  ///< as written, before templating
  std::vector<AlertView> alerts;
  std::string health = "unknown";  ///< "ok", "err", "unknown"
  std::string last_error;
  double evaluation_seconds = 0;
  std::uint64_t late_evaluations = 0;    ///< waited because all evaluation together has a bound
  std::uint64_t missed_evaluations = 0;  ///< left out while waiting
  double spacing_seconds = 0;            ///< how far apart looks have to be now; 0: no bound
  bool incremental = false;              ///< a look goes through what has changed alone
  std::optional<base::WallTime> last_evaluation;
};

struct RuleGroupView {
  std::string name;
  std::string file;
  base::Duration interval{0};
  std::size_t limit = 0;
  std::uint64_t missed_iterations = 0;  ///< slots of the grid that passed unevaluated
  double evaluation_seconds = 0;
  std::optional<base::WallTime> last_evaluation;
  std::vector<RuleView> rules;
};

struct TargetView {
  model::Labels discovered_labels;  ///< before relabelling; all there is when dropped
  model::Labels labels;
  std::string pool;
  std::string url;
  std::string global_url;          ///< empty: the same as url
  std::string health = "unknown";  ///< "up", "down", "unknown"
  std::string last_error;
  std::optional<base::WallTime> last_scrape;
  double last_scrape_seconds = 0;
  base::Duration interval{0};
  base::Duration timeout{0};
  bool dropped = false;
  /// Of a target that may be polled faster while an alert is close.
  struct Sharpness {
    bool active = false;
    base::Duration interval{0};
    base::Duration left_alone{0};  ///< after a failed poll
    std::uint64_t extra_polls = 0;
  };
  std::optional<Sharpness> sharpness;
};

struct IncidentView {
  std::string id;  ///< "INC-142"
  std::string title;
  std::string state;  ///< "open", "mitigated", "resolved", …
  int grade = 0;
  bool provisional = true;
  std::string service;
  std::string category;
  std::string source;  ///< "rule", "department", "user"
  base::WallTime detected_at;
  std::optional<base::WallTime> occurred_at;
  std::optional<base::WallTime> mitigated_at;
  std::optional<base::WallTime> resolved_at;
  std::size_t firing_alerts = 0;
  std::size_t total_alerts = 0;
};

struct TimelineEntry {
  std::uint64_t sequence = 0;  ///< of the record; 0: the journal has not told it, and none is shown
  base::WallTime time;
  std::string type;  ///< the record's, such as "incident.opened"
  std::string actor;
  std::string text;  ///< one line for people
};

struct IncidentDetail {
  IncidentView incident;
  std::vector<model::Fact> facts;
  std::vector<AlertView> alerts;
  std::vector<TimelineEntry> timeline;
};

struct IncidentFilter {
  std::vector<std::string> states;  ///< empty: all
  std::size_t limit = 100;          ///< newest first
};

struct Readiness {
  bool ready = false;
  std::string text;  ///< one line: what is missing, or what is degraded
};

struct BuildView {
  std::string version;
  std::string revision;
  std::string build_date;
  std::string compiler;
};

/// What one target says of its metrics.
struct TargetMetadata {
  model::Labels labels;                                             ///< the target's
  std::shared_ptr<const std::vector<exposition::Family>> families;  ///< never null
};

struct RuntimeView {
  base::WallTime started;
  base::WallTime now;
  std::string folder;  ///< where relative paths of the configuration begin
  std::string host;
  bool reload_succeeded = true;  ///< the newest attempt
  base::WallTime configured;     ///< when the running configuration was loaded
  std::size_t threads = 0;
  std::size_t processors = 0;
  base::Duration retention{0};
};

struct IncidentList {
  std::vector<IncidentView> incidents;  ///< newest first
  std::vector<std::string> warnings;    ///< what may be missing, and why
};

/// Reads the daemon's state.
class Views {
 public:
  virtual ~Views() = default;
  virtual std::vector<RuleGroupView> rule_groups() const = 0;
  virtual std::vector<TargetView> targets() const = 0;
  virtual async::Task<base::Result<IncidentList>> incidents(IncidentFilter filter) = 0;
  /// kNotFound when there is no such incident.
  virtual async::Task<base::Result<IncidentDetail>> incident(std::string id) = 0;
  virtual Readiness readiness() const = 0;
  /// The own metrics in Prometheus' text format 0.0.4.
  virtual std::string metrics() const = 0;
  virtual BuildView build() const = 0;
  /// In the order of the targets.
  virtual std::vector<TargetMetadata> metadata() const = 0;
  virtual RuntimeView runtime() const = 0;
  /// The running configuration as YAML, with secrets left out.
  virtual std::string config() const = 0;
  /// Settings by the names that Prometheus' flags have for them.
  virtual std::map<std::string, std::string> flags() const = 0;
  /// The URLs to which alerts are forwarded.
  virtual std::vector<std::string> alertmanagers() const = 0;
};

/// What became of a query, for metrics.
struct QueryReport {
  std::string_view outcome;  ///< "ok", or the error type of the answer: "timeout", "execution", …
  double queue_seconds = 0;  ///< waiting for its turn and for a thread
  double prepare_seconds = 0;
  double evaluate_seconds = 0;
  double encode_seconds = 0;
  std::uint64_t samples = 0;  ///< looked at
};

/// What queries need of the daemon.
class Queries {
 public:
  using Work = std::move_only_function<void()>;

  virtual ~Queries() = default;
  /// promql::parse(); here, so that it can be cached and replaced.
  virtual base::Result<promql::Query> parse(const std::string& expression) = 0;
  /// What all evaluations have in common: lookback, limits, feature switches.
  virtual promql::EvalOptions eval_options() const = 0;
  /// Pins series as they are now.
  virtual series::Snapshot snapshot(std::span<const series::Selection> selections) = 0;
  /// The same with what has left memory, which may have to be read from disk first.
  virtual async::Task<base::Result<series::Snapshot>> read(
      std::vector<series::Selection> selections) {
    co_return snapshot(selections);
  }
  /// Runs pure work where it holds up nobody, and returns when it is done. kCancelled when the
  /// caller was cancelled: work that had begun ends unseen then, so it owns all that it touches.
  virtual async::Task<base::Status> offload(Work work) = 0;
  /// A query has ended.
  virtual void report(const QueryReport& report) = 0;
};

/// Changes something.
class Commands {
 public:
  virtual ~Commands() = default;
  /// Reads the configuration again; the error says why the old one stays.
  virtual async::Task<base::Status> reload() = 0;
};

}  // namespace tocsin::api
