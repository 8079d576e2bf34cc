#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/duration.h"
#include "base/result.h"
#include "model/alert.h"
#include "model/labels.h"
#include "model/record.h"

namespace tocsin::rules {

/// Which rule an alert belongs to, over reloads and restarts. The expression is not part of it: a
/// changed threshold keeps its alerts, as in Prometheus.
struct RuleId {
  std::string file;  ///< see file_identity()
  std::string group;
  std::string name;
  std::string labels;   ///< hash of the unexpanded labels, hexadecimal
  std::size_t nth = 0;  ///< among rules of the group that are equal in all of the above

  friend auto operator<=>(const RuleId&, const RuleId&) = default;
};

/// An alert with what its state machine has to remember.
struct ActiveAlert {
  model::Alert alert;
  /// Since when it only fires by keep_firing_for.
  std::optional<base::WallTime> keep_firing_since = {};
  /// Since when it is kept because its data cannot be polled, with NoData::kKeep.
  std::optional<base::WallTime> data_missing_since = {};
  bool data_missing_told = false;  ///< that this has lasted for EngineOptions::no_data_keep
};

/// The alerts of one rule by their labels: pending, firing, and resolved ones for a while.
using AlertMap = std::map<model::Labels, ActiveAlert>;

namespace record_type {
inline constexpr std::string_view kPending = "alert.pending";
inline constexpr std::string_view kFired = "alert.fired";
inline constexpr std::string_view kResolved = "alert.resolved";
inline constexpr std::string_view kGone = "alert.gone";
inline constexpr std::string_view kKeepFiring = "alert.keep_firing";
inline constexpr std::string_view kHeld = "alert.held";
inline constexpr std::string_view kWatched = "alert.watched";
inline constexpr std::string_view kUnwatched = "alert.unwatched";
inline constexpr std::string_view kMoved = "alert.moved";
}  // namespace record_type

/// A record that puts the alert of the rule into this state. `type` is one of record_type.
model::Record alert_record(std::string_view type, const RuleId& rule, const ActiveAlert& alert,
                           base::WallTime time);

/// A record that gives all alerts of one rule to another one, which has none.
model::Record moved_record(const RuleId& from, const RuleId& to, base::WallTime time);

/// All journalled state of the room. It changes through apply() and load() alone, so that a
/// replay gives what living through gave. Resolved alerts are dropped when a later record of the
/// same rule finds them older than the retention: a function of the records, not of the clock.
class AlertBook {
 public:
  explicit AlertBook(base::Duration resolved_retention) : resolved_retention_(resolved_retention) {}

  /// kCorrupt when the payload lacks something; the state is as before then. Records of other
  /// rooms are ignored.
  base::Status apply(const model::Record& record);

  /// The alerts of a rule; empty when it has none.
  const AlertMap& alerts(const RuleId& rule) const;
  const std::map<RuleId, AlertMap>& all() const { return rules_; }

  boost::json::object save() const;
  base::Status load(const boost::json::object& state);

 private:
  base::Status apply_alert(const model::Record& record);
  base::Status apply_moved(const model::Record& record);
  base::Status apply_clock_step(const model::Record& record);
  base::Status apply_unwatched(const model::Record& record);

  base::Duration resolved_retention_;
  std::map<RuleId, AlertMap> rules_;
};

}  // namespace tocsin::rules
