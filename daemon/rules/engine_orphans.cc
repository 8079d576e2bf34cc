// What becomes of alerts whose rule is gone.
#include <set>
#include <utility>

#include "rules/engine_impl.h"
#include "rules/succession.h"

namespace tocsin::rules {

std::map<RuleId, RuleId> Engine::Impl::successors(const std::vector<LoadedRule>& old) const {
  std::set<RuleId> known;
  for (const LoadedRule& rule : rules) {
    known.insert(rule.id);
  }
  std::map<RuleId, LooseRule> went;
  std::set<RuleId> before;
  for (const LoadedRule& rule : old) {
    before.insert(rule.id);
    if (!known.contains(rule.id)) {
      went[rule.id] = {rule.id, rule.rule.alerting, {expression_of(rule.generator_url)}};
    }
  }
  for (const auto& [id, alerts] : book.all()) {
    before.insert(id);
    if (known.contains(id) || went.contains(id)) {
      continue;
    }
    LooseRule& rule = went[id];
    rule.id = id;
    rule.alerting = true;
    for (const auto& [labels, active] : alerts) {
      rule.expressions.insert(expression_of(active.alert.generator_url));
    }
  }
  std::vector<LooseRule> came;
  for (const LoadedRule& rule : rules) {
    if (!before.contains(rule.id)) {
      came.push_back({rule.id, rule.rule.alerting, {expression_of(rule.generator_url)}});
    }
  }
  std::vector<LooseRule> gone;
  gone.reserve(went.size());
  for (auto& [id, rule] : went) {
    gone.push_back(std::move(rule));
  }
  return find_successors(gone, came);
}

Decision Engine::Impl::settle_orphans(const std::map<RuleId, RuleId>& successors,
                                      base::WallTime wall) const {
  Decision decision;
  std::set<RuleId> kept;
  for (const LoadedRule& rule : rules) {
    kept.insert(rule.id);
  }
  for (const auto& [to, from] : successors) {
    kept.insert(from);
    if (!book.alerts(from).empty()) {
      decision.records.push_back(moved_record(from, to, wall));
    }
  }
  for (const auto& [id, alerts] : book.all()) {
    // A group that could not be read, perhaps in a file that was renamed, may still have the rule.
    if (kept.contains(id) || unread.contains(id.group)) {
      continue;
    }
    for (AlertStep& step : end_alerts(alerts, wall)) {
      decision.records.push_back(alert_record(step.type, id, step.after, wall));
      const auto transition = step.type == record_type::kResolved
                                  ? model::AlertTransition::kResolved
                                  : model::AlertTransition::kGone;
      decision.changes.push_back({transition, std::move(step.after.alert)});
    }
  }
  return decision;
}

}  // namespace tocsin::rules
