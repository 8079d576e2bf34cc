#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "model/alert.h"
#include "rules/rule.h"

namespace tocsin::rules {

/// One pending or firing alert, as /api/v1/rules and /api/v1/alerts show it.
struct AlertView {
  model::Alert alert;  ///< with the value and annotations of the last look
  std::optional<base::WallTime> keep_firing_since;
  bool held = false;  ///< kept although its inputs are missing: just started, or no_data: keep
  std::optional<base::WallTime> data_missing_since = {};  ///< with no_data: keep
};

enum class RuleHealth : std::uint8_t { kUnknown, kOk, kError };

/// "unknown", "ok", "err": the words of Prometheus' API.
std::string_view to_string(RuleHealth health);

struct RuleView {
  bool alerting = false;
  std::string name;
  std::string query;  ///< as written
  base::Duration for_duration{0};
  base::Duration keep_firing_for{0};
  /// The group's and the rule's labels and the annotations, templates unexpanded.
  std::vector<std::pair<std::string, std::string>> labels;
  std::vector<std::pair<std::string, std::string>> annotations;
  EvaluationMode mode = EvaluationMode::kRound;  ///< how this rule is really looked at
  RuleHealth health = RuleHealth::kUnknown;
  std::string last_error;
  std::optional<base::WallTime> last_evaluation;
  double evaluation_seconds = 0;
  /// Looks that waited because all evaluation together has a bound, those left out meanwhile, and
  /// how far apart looks have to be now; 0 when they need not.
  std::uint64_t late_evaluations = 0;
  std::uint64_t missed_evaluations = 0;
  double spacing_seconds = 0;
  bool incremental = false;  ///< a look goes through what has changed, not through all samples
  model::AlertState state = model::AlertState::kInactive;  ///< the worst of its alerts
  std::vector<AlertView> alerts;
  base::Position position;
};

struct GroupView {
  std::string name;
  std::string file;
  base::Duration interval{0};
  std::size_t limit = 0;
  EvaluationMode mode = EvaluationMode::kRound;
  std::optional<base::WallTime> last_evaluation;
  double evaluation_seconds = 0;
  std::uint64_t missed_iterations = 0;  ///< grid slots that passed unevaluated
  std::vector<std::string> quarantine;  ///< why a newer version of this group is not running
  std::vector<RuleView> rules;
};

}  // namespace tocsin::rules
