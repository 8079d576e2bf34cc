#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "model/labels.h"
#include "rules/alert_book.h"
#include "rules/kept.h"
#include "rules/recording.h"
#include "rules/rule.h"
#include "rules/templating.h"
#include "rules/view.h"

namespace tocsin::rules {

/// What the last looks left behind for one alert; volatile.
struct AlertFacts {
  double value = 0;
  model::Labels annotations;
  model::Labels told_annotations;           ///< those of the last change that went out
  std::optional<base::MonotonicTime> told;  ///< when it went out
  std::vector<series::Origin> origins;      ///< that its inputs came from, when that was asked
  bool held = false;
  bool missing_before = false;  ///< its data was missing when the process started
};

/// A rule as the engine runs it: the decoded rule, what follows from it, and volatile state.
struct LoadedRule {
  Rule rule;
  std::size_t group = 0;
  RuleId id;
  std::vector<std::pair<std::string, std::string>> labels;  ///< the group's and the rule's, merged
  RuleTemplates label_templates;
  RuleTemplates annotation_templates;
  std::vector<model::Matchers> selectors;
  base::Duration range{0};   ///< how far back it reads, lookback left out
  bool grid = false;         ///< looked at on its group's grid alone
  bool incremental = false;  ///< see promql::is_incremental()
  bool still = false;        ///< see promql::is_still_without_series()
  std::string generator_url;

  // Volatile:
  RuleHealth health = RuleHealth::kUnknown;
  std::string last_error;
  std::optional<base::WallTime> last_evaluation;
  double evaluation_seconds = 0;
  std::uint64_t late_evaluations = 0;    ///< that had to wait for their turn
  std::uint64_t missed_evaluations = 0;  ///< that there would have been meanwhile
  RecordingSlot slot;
  std::set<model::Labels> written;   ///< series that the last evaluation wrote
  std::set<model::Labels> restored;  ///< alerts from before the start that may still be held
  std::map<model::Labels, AlertFacts> facts;
  std::shared_ptr<Kept> kept;  ///< null while it reads nothing
  bool near_made = false;
  std::optional<promql::Query> near;  ///< see near_query(); made when somebody first asks
};

struct LoadedGroup {
  Group group;  ///< its rules have moved out
  base::Duration interval{0};
  bool grid = false;
  NoData no_data = NoData::kOk;
  std::size_t first_rule = 0;
  std::size_t rule_count = 0;
  std::vector<std::string> quarantine;
};

/// What follows from the text of one rule alone. Templates that do not parse stay as plain text;
/// decode() has refused them before.
LoadedRule prepare(Rule rule, const Group& group, const EngineOptions& options);

/// Labels of the group and of the rule; the rule's win. In order of first mention.
std::vector<std::pair<std::string, std::string>> merged_labels(const Group& group,
                                                               const Rule& rule);

}  // namespace tocsin::rules
