#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/result.h"
#include "model/fact.h"
#include "model/labels.h"
#include "promql/query.h"

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
  std::uint64_t sequence = 0;
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

/// Reads the daemon's state.
class Views {
 public:
  virtual ~Views() = default;
  virtual std::vector<RuleGroupView> rule_groups() const = 0;
  virtual std::vector<TargetView> targets() const = 0;
  virtual async::Task<base::Result<std::vector<IncidentView>>> incidents(IncidentFilter filter) = 0;
  /// kNotFound when there is no such incident.
  virtual async::Task<base::Result<IncidentDetail>> incident(std::string id) = 0;
  virtual Readiness readiness() const = 0;
  /// The own metrics in Prometheus' text format 0.0.4.
  virtual std::string metrics() const = 0;
  virtual BuildView build() const = 0;
};

/// Runs queries.
class Queries {
 public:
  virtual ~Queries() = default;
  /// promql::parse(); here, so that it can be cached and replaced.
  virtual base::Result<promql::Query> parse(const std::string& expression) = 0;
  /// The value at `time`. Errors are the evaluation's, also kTimeout and kCancelled.
  virtual async::Task<base::Result<promql::Evaluation>> evaluate(promql::Query query,
                                                                 base::WallTime time,
                                                                 base::MonotonicTime deadline) = 0;
  /// The label sets of the series that at least one selector matches; all series without
  /// selectors. kInvalidInput when one is no plain selector.
  virtual async::Task<base::Result<std::vector<model::Labels>>> series(
      std::vector<std::string> selectors, base::WallTime start, base::WallTime end) = 0;
};

/// Changes something.
class Commands {
 public:
  virtual ~Commands() = default;
  /// Reads the configuration again; the error says why the old one stays.
  virtual async::Task<base::Status> reload() = 0;
};

}  // namespace tocsin::api
