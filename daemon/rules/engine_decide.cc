// Engine::decide: from results to records, changes and samples.

#include <algorithm>
#include <chrono>

#include "rules/engine_impl.h"

namespace tocsin::rules {
namespace {

model::AlertTransition transition_of(std::string_view type) {
  if (type == record_type::kPending) {
    return model::AlertTransition::kPending;
  }
  if (type == record_type::kFired) {
    return model::AlertTransition::kFired;
  }
  return type == record_type::kResolved ? model::AlertTransition::kResolved
                                        : model::AlertTransition::kGone;
}

RuleError error_of(const LoadedRule& rule, const Group& group, const std::string& what) {
  return {group.name,
          group.file + ": group " + group.name + ": rule " + rule.id.name + ": " + what};
}

DataChange data_change(const ActiveAlert& active, base::WallTime time) {
  using enum DataChange::Kind;
  const auto& since = active.data_missing_since;
  const auto kind = !since ? kBack : active.data_missing_told ? kMissing : kHeld;
  return {kind, active.alert.labels, since.value_or(time)};
}

bool is_active(const ActiveAlert& active) {
  return active.alert.state != model::AlertState::kInactive;
}

}  // namespace

Decision Engine::decide(std::vector<JobResult> results, base::WallTime /*wall*/,
                        base::MonotonicTime mono) {
  Impl& impl = *impl_;
  impl.last_mono = std::max(impl.last_mono, mono);
  Decision decision;
  const bool reloaded = std::ranges::any_of(
      results, [&](const JobResult& result) { return result.generation != impl.generation; });
  if (reloaded || !impl.schedule.stage_out()) {
    return decision;
  }
  for (JobResult& result : results) {
    const bool known =
        result.group < impl.groups.size() && result.rule < impl.groups[result.group].rule_count;
    if (known) {
      impl.decide_one(std::move(result), mono, decision);
    }
  }
  impl.schedule.stage_done(mono);
  return decision;
}

void Engine::Impl::fail(LoadedRule& rule, const std::string& message, Decision& decision) {
  rule.health = RuleHealth::kError;
  rule.last_error = message;
  decision.errors.push_back(error_of(rule, groups[rule.group].group, message));
}

void Engine::Impl::decide_one(JobResult result, base::MonotonicTime mono, Decision& decision) {
  const LoadedGroup& group = groups[result.group];
  const std::size_t index = group.first_rule + result.rule;
  LoadedRule& rule = rules[index];
  rule.last_evaluation = result.time;
  rule.evaluation_seconds = result.seconds;
  std::optional<base::Duration> wake_after;
  bool calm = false;
  base::Result<promql::Vector> elements =
      result.evaluation ? to_vector(std::move(result.evaluation->value))
                        : base::Result<promql::Vector>(result.evaluation.error());
  if (!elements) {
    fail(rule, elements.error().message(), decision);
  } else {
    rule.health = RuleHealth::kOk;
    rule.last_error.clear();
    calm = elements->empty();
    const std::int64_t time_ms =
        rule.slot.timestamp(result.time, group.interval, rule.grid || schedule.forced()) -
        group.group.query_offset.count();
    if (rule.rule.alerting) {
      wake_after = decide_alerting(rule, index, result, *elements, time_ms, mono, decision);
    } else {
      decide_recording(rule, *elements, time_ms, decision);
    }
  }
  // Nothing can become of it before a series appears.
  const bool asleep = calm && result.nothing_selected && rule.still && rule.written.empty() &&
                      !schedule.reads_rules(index) && book.alerts(rule.id).empty();
  if (asleep) {
    rule.kept = nullptr;
  }
  const Pacer::Lateness lateness =
      schedule.looked(index, result.reads, wake_after, result.seconds, mono, asleep);
  rule.late_evaluations += lateness.late ? 1 : 0;
  rule.missed_evaluations += lateness.missed;
  late_evaluations += lateness.late ? 1 : 0;
  missed_evaluations += lateness.missed;
}

void Engine::Impl::decide_recording(LoadedRule& rule, const promql::Vector& elements,
                                    std::int64_t time_ms, Decision& decision) {
  auto samples = recorded(rule.rule.name, rule.labels, elements, time_ms);
  if (!samples) {
    fail(rule, samples.error().message(), decision);
    return;
  }
  const std::size_t limit = groups[rule.group].group.limit;
  if (limit > 0 && samples->size() > limit) {
    fail(rule,
         "exceeded limit of " + std::to_string(limit) + " with " + std::to_string(samples->size()) +
             " series",
         decision);
    return;
  }
  end_missing(*samples, rule.written, time_ms);
  std::ranges::move(*samples, std::back_inserter(decision.samples));
}

bool Engine::Impl::may_hold(std::size_t index) const {
  const std::set<series::Origin> inputs = schedule.all_inputs(index);
  const LoadedRule& rule = rules[index];
  const base::Duration range = std::min(rule.range, options.max_restart_hold);
  if (!inputs.empty()) {
    return std::ranges::any_of(
        inputs, [&](series::Origin origin) { return !schedule.origins().covered(origin, range); });
  }
  // Nothing that it reads has appeared: any source may still bring it.
  return std::ranges::any_of(schedule.origins().all(), [&](const auto& entry) {
    return !schedule.origins().covered(entry.first, range);
  });
}

// Whether what the alert reads cannot be polled.
bool Engine::Impl::lacks_data(const LoadedRule& rule, const model::Labels& labels,
                              const std::set<series::Origin>& inputs,
                              base::MonotonicTime mono) const {
  const Origins& origins = schedule.origins();
  const auto facts = rule.facts.find(labels);
  if (facts != rule.facts.end() && !facts->second.origins.empty()) {
    return std::ranges::any_of(facts->second.origins, [&](series::Origin origin) {
      return origins.down_since(origin).has_value();
    });
  }
  // After a start nobody knows where it came from: from a target that the rule reads, or from one
  // that has not been up since. That is a guess, which ends when it had data until the start.
  const bool went_before = facts != rule.facts.end() && facts->second.missing_before;
  return std::ranges::any_of(origins.all(), [&](const auto& entry) {
    const auto& [origin, state] = entry;
    return state.down_since && (inputs.contains(origin) || !state.ever_up) &&
           (went_before || mono - *state.down_since < options.no_data_keep);
  });
}

HoldFunction Engine::Impl::hold_function(LoadedRule& rule, std::size_t index,
                                         const JobResult& result, base::MonotonicTime mono) {
  if (book.alerts(rule.id).empty()) {
    return [](const model::Labels&) { return Hold::kNone; };
  }
  if (!rule.restored.empty() && !may_hold(index)) {
    rule.restored.clear();
  }
  const std::set<series::Origin> inputs = schedule.all_inputs(index);
  const bool step_hold = stepped && std::ranges::any_of(inputs, [&](series::Origin origin) {
                           return !schedule.origins().delivered_since(origin, *stepped);
                         });
  std::set<model::Labels> complete;
  const std::vector<model::Labels>& asked = watched[index];
  for (std::size_t i = 0; i < asked.size() && i < result.watched.size(); ++i) {
    const WatchedInputs& found = result.watched[i];
    if (found.complete) {
      complete.insert(asked[i]);
    }
    if (!found.origins.empty()) {
      rule.facts[asked[i]].origins = found.origins;
    }
  }
  const bool keep = groups[rule.group].no_data == NoData::kKeep;
  for (auto& [labels, facts] : rule.facts) {
    facts.held = false;
  }
  const auto held = [this, &rule, step_hold, keep, mono, inputs,
                     complete = std::move(complete)](const model::Labels& labels) {
    if (keep && lacks_data(rule, labels, inputs, mono)) {
      return Hold::kNoData;
    }
    if (step_hold) {
      return Hold::kWait;
    }
    // With its inputs there, an instant expression is false because a sample says so: one that some
    // source brought, not what was recorded of samples of before the start.
    const bool instant = rule.range == base::Duration::zero() && !inputs.empty();
    const bool wait = rule.restored.contains(labels) && !(instant && complete.contains(labels));
    return wait ? Hold::kWait : Hold::kNone;
  };
  return [&rule, held](const model::Labels& labels) {
    const Hold hold = held(labels);
    if (hold != Hold::kNone) {
      rule.facts[labels].held = true;
    }
    return hold;
  };
}

// The journalled alerts with what the last look saw: a resolved one goes out with its last value.
AlertMap Engine::Impl::current_alerts(const LoadedRule& rule) const {
  AlertMap alerts = book.alerts(rule.id);
  for (auto& [labels, active] : alerts) {
    const auto facts = rule.facts.find(labels);
    if (facts != rule.facts.end() && facts->second.told && is_active(active)) {
      active.alert.value = facts->second.value;
      active.alert.annotations = facts->second.annotations;
    }
  }
  return alerts;
}

std::optional<base::Duration> Engine::Impl::decide_alerting(
    LoadedRule& rule, std::size_t index, const JobResult& result, const promql::Vector& elements,
    std::int64_t time_ms, base::MonotonicTime mono, Decision& decision) {
  templates.set_time(result.time);
  std::vector<std::string> errors;
  const auto candidates = expand_candidates(rule.rule.name, rule.label_templates,
                                            rule.annotation_templates, elements, templates, errors);
  for (const std::string& error : errors) {
    decision.errors.push_back(error_of(rule, groups[rule.group].group, error));
  }
  if (!candidates) {
    fail(rule, candidates.error().message(), decision);
    return std::nullopt;
  }
  const AlertPolicy policy{rule.rule.for_duration, rule.rule.keep_firing_for,
                           groups[rule.group].group.limit, rule.generator_url,
                           options.no_data_keep};
  const AlertLook look = decide_alerts(policy, current_alerts(rule), *candidates, result.time,
                                       hold_function(rule, index, result, mono));
  for (const AlertStep& step : look.steps) {
    decision.records.push_back(alert_record(step.type, rule.id, step.after, result.time));
    if (step.type == record_type::kHeld) {
      decision.data.push_back(data_change(step.after, result.time));
    }
    if (step.type == record_type::kKeepFiring || step.type == record_type::kHeld) {
      continue;
    }
    model::AlertChange change{transition_of(step.type), step.after.alert};
    change.alert.sample_arrival = schedule.last_arrival(index);
    decision.changes.push_back(std::move(change));
  }
  tell(rule, index, look, mono, decision);
  if (look.limit_exceeded) {
    fail(rule,
         "exceeded limit of " + std::to_string(policy.limit) + " with " +
             std::to_string(look.count) + " alerts",
         decision);
  }
  auto samples = alert_series(look.active, time_ms);
  end_missing(samples, rule.written, time_ms);
  std::ranges::move(samples, std::back_inserter(decision.samples));
  if (!look.deadline) {
    return std::nullopt;
  }
  return std::max(*look.deadline - result.time, base::Duration(0));
}

// Remembers what the look found, and passes on annotations that changed: not more often than
// alerts are resent, because a value in a text may change with every sample.
void Engine::Impl::tell(LoadedRule& rule, std::size_t index, const AlertLook& look,
                        base::MonotonicTime mono, Decision& decision) {
  std::map<model::Labels, AlertFacts> facts;
  std::set<model::Labels> fired;
  for (const AlertStep& step : look.steps) {
    fired.insert(step.after.alert.labels);
  }
  for (const ActiveAlert& active : look.active) {
    const model::Alert& alert = active.alert;
    const auto known = rule.facts.find(alert.labels);
    const bool fresh =
        known == rule.facts.end() || !known->second.told || fired.contains(alert.labels);
    AlertFacts fact = known == rule.facts.end() ? AlertFacts{} : known->second;
    fact.value = alert.value;
    fact.annotations = alert.annotations;
    if (fresh) {
      fact.told = mono;
      fact.told_annotations = alert.annotations;
    } else if (alert.state == model::AlertState::kFiring &&
               !(fact.told_annotations == alert.annotations) &&
               mono - *fact.told >= options.resend_delay) {
      fact.told = mono;
      fact.told_annotations = alert.annotations;
      model::AlertChange change{model::AlertTransition::kUpdated, alert};
      change.alert.sample_arrival = schedule.last_arrival(index);
      decision.changes.push_back(std::move(change));
    }
    facts.emplace(alert.labels, std::move(fact));
  }
  rule.facts = std::move(facts);
}

}  // namespace tocsin::rules
