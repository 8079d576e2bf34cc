// What the API shows of the engine.

#include <algorithm>

#include "rules/engine_impl.h"
#include "rules/near.h"

namespace tocsin::rules {
namespace {

// The journalled alert with what the last look saw.
model::Alert current(const LoadedRule& rule, const ActiveAlert& active) {
  model::Alert alert = active.alert;
  if (const auto facts = rule.facts.find(alert.labels);
      facts != rule.facts.end() && facts->second.told) {
    alert.value = facts->second.value;
    alert.annotations = facts->second.annotations;
  }
  return alert;
}

}  // namespace

std::string_view to_string(RuleHealth health) {
  switch (health) {
    case RuleHealth::kUnknown:
      return "unknown";
    case RuleHealth::kOk:
      return "ok";
    case RuleHealth::kError:
      return "err";
  }
  return "unknown";
}

std::vector<GroupView> Engine::view(base::WallTime /*wall*/) const {
  std::vector<GroupView> views;
  for (std::size_t g = 0; g < impl_->groups.size(); ++g) {
    const LoadedGroup& group = impl_->groups[g];
    GroupView view;
    view.name = group.group.name;
    view.file = group.group.file;
    view.interval = group.interval;
    view.limit = group.group.limit;
    view.mode = group.grid ? EvaluationMode::kInterval : EvaluationMode::kRound;
    view.missed_iterations = impl_->schedule.group(g).missed;
    view.quarantine = group.quarantine;
    for (std::size_t i = 0; i < group.rule_count; ++i) {
      const LoadedRule& loaded = impl_->rules[group.first_rule + i];
      RuleView rule;
      rule.alerting = loaded.rule.alerting;
      rule.name = loaded.rule.name;
      rule.query = loaded.rule.query.text();
      rule.for_duration = loaded.rule.for_duration;
      rule.keep_firing_for = loaded.rule.keep_firing_for;
      rule.labels = loaded.labels;
      rule.annotations = loaded.rule.annotations;
      rule.mode = loaded.grid ? EvaluationMode::kInterval : EvaluationMode::kRound;
      rule.health = loaded.health;
      rule.last_error = loaded.last_error;
      rule.last_evaluation = loaded.last_evaluation;
      rule.evaluation_seconds = loaded.evaluation_seconds;
      rule.late_evaluations = loaded.late_evaluations;
      rule.missed_evaluations = loaded.missed_evaluations;
      rule.spacing_seconds = impl_->schedule.pacer().spacing_seconds(group.first_rule + i);
      rule.incremental = loaded.incremental;
      rule.position = loaded.rule.position;
      for (const auto& [labels, active] : impl_->book.alerts(loaded.id)) {
        if (active.alert.state == model::AlertState::kInactive) {
          continue;
        }
        rule.state = std::max(rule.state, active.alert.state);
        const auto facts = loaded.facts.find(labels);
        const bool held = facts != loaded.facts.end() && facts->second.held;
        rule.alerts.push_back(
            {current(loaded, active), active.keep_firing_since, held, active.data_missing_since});
      }
      view.evaluation_seconds += loaded.evaluation_seconds;
      if (loaded.last_evaluation) {
        view.last_evaluation = std::max(view.last_evaluation.value_or(*loaded.last_evaluation),
                                        *loaded.last_evaluation);
      }
      view.rules.push_back(std::move(rule));
    }
    views.push_back(std::move(view));
  }
  return views;
}

std::vector<Watch> Engine::watches(series::Origin origin) {
  std::vector<Watch> watches;
  for (const std::size_t index : impl_->schedule.readers(origin)) {
    LoadedRule& rule = impl_->rules[index];
    if (!rule.rule.alerting) {
      continue;
    }
    if (!rule.near_made) {
      rule.near_made = true;
      rule.near = near_query(rule.rule.query);
    }
    Watch watch{.near = rule.near ? &*rule.near : nullptr};
    for (const auto& [labels, active] : impl_->book.alerts(rule.id)) {
      watch.pending += active.alert.state == model::AlertState::kPending ? 1U : 0U;
      watch.firing += active.alert.state == model::AlertState::kFiring ? 1U : 0U;
    }
    watches.push_back(watch);
  }
  return watches;
}

std::uint64_t Engine::late_evaluations() const { return impl_->late_evaluations; }

std::uint64_t Engine::missed_evaluations() const {
  std::uint64_t missed = impl_->missed_evaluations;
  for (std::size_t g = 0; g < impl_->groups.size(); ++g) {
    missed += impl_->schedule.group(g).missed;
  }
  return missed;
}

std::vector<model::Alert> Engine::firing(base::WallTime wall) const {
  if (impl_->book.all().empty()) {
    return {};
  }
  std::map<RuleId, const LoadedRule*> known;
  for (const LoadedRule& rule : impl_->rules) {
    known.emplace(rule.id, &rule);
  }
  std::vector<model::Alert> alerts;
  for (const auto& [id, list] : impl_->book.all()) {
    const auto rule = known.find(id);
    for (const auto& [labels, active] : list) {
      const auto& resolved_at = active.alert.resolved_at;
      if (active.alert.state == model::AlertState::kFiring) {
        alerts.push_back(rule == known.end() ? active.alert : current(*rule->second, active));
      } else if (resolved_at && wall - *resolved_at <= impl_->options.resolved_retention) {
        alerts.push_back(active.alert);
      }
    }
  }
  return alerts;
}

}  // namespace tocsin::rules
