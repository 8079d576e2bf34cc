#include "rules/engine.h"

#include <algorithm>

#include "base/hash.h"
#include "model/clock_step.h"
#include "rules/engine_impl.h"

namespace tocsin::rules {
namespace {

base::Duration interval_of(const Group& group, const EngineOptions& options) {
  return group.interval > base::Duration::zero() ? group.interval : options.evaluation_interval;
}

// A written interval is kept exactly, which only the grid does; a written mode says otherwise.
bool on_grid(const Group& group, const EngineOptions& options) {
  if (group.evaluation) {
    return *group.evaluation == EvaluationMode::kInterval;
  }
  return group.interval_written || options.evaluation == EvaluationMode::kInterval;
}

// Spreads groups over their interval, the same after every start.
base::Duration grid_phase(const Group& group, base::Duration interval) {
  const std::uint64_t hash = base::fnv1a(group.name, base::fnv1a(file_identity(group) + ";"));
  const auto count = static_cast<std::uint64_t>(std::max<std::int64_t>(interval.count(), 1));
  return base::Duration(static_cast<std::int64_t>(hash % count));
}

}  // namespace

Engine::Impl::Impl(EngineOptions engine_options, QueryFunction query)
    : options(std::move(engine_options)),
      templates(options, std::move(query)),
      book(options.resolved_retention),
      schedule(options.evaluation_interval, options.evaluation_cpu_share) {}

Engine::Engine(EngineOptions options, QueryFunction query)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(query))) {}

Engine::~Engine() = default;

std::vector<Group> Engine::Impl::with_quarantined(
    std::vector<Group> next, const std::vector<QuarantinedGroup>& quarantined) const {
  for (const QuarantinedGroup& broken : quarantined) {
    for (const LoadedGroup& loaded : groups) {
      if (file_identity(loaded.group) != file_identity(broken) ||
          loaded.group.name != broken.name) {
        continue;
      }
      Group kept = loaded.group;
      for (std::size_t i = 0; i < loaded.rule_count; ++i) {
        kept.rules.push_back(rules[loaded.first_rule + i].rule);
      }
      next.push_back(std::move(kept));
    }
  }
  return next;
}

void Engine::Impl::build(std::vector<Group> next,
                         const std::vector<QuarantinedGroup>& quarantined) {
  groups.clear();
  rules.clear();
  unread.clear();
  std::map<RuleId, std::size_t> equals;
  for (Group& group : next) {
    LoadedGroup loaded;
    loaded.interval = interval_of(group, options);
    loaded.grid = on_grid(group, options);
    loaded.no_data = group.no_data.value_or(options.no_data);
    loaded.first_rule = rules.size();
    loaded.rule_count = group.rules.size();
    for (Rule& rule : std::exchange(group.rules, {})) {
      LoadedRule prepared = prepare(std::move(rule), group, options);
      prepared.group = groups.size();
      prepared.id.nth = equals[prepared.id]++;
      prepared.grid = loaded.grid || !promql::reads_series(prepared.rule.query);
      rules.push_back(std::move(prepared));
    }
    loaded.group = std::move(group);
    groups.push_back(std::move(loaded));
  }
  for (const QuarantinedGroup& broken : quarantined) {
    bool running = false;
    for (LoadedGroup& group : groups) {
      if (file_identity(group.group) == file_identity(broken) && group.group.name == broken.name) {
        running = true;
        for (const base::Error& error : broken.errors) {
          group.quarantine.push_back(error.to_string());
        }
      }
    }
    if (!running) {
      unread.insert(broken.name);
    }
  }
}

void Engine::Impl::configure_schedule(const std::map<RuleId, RuleId>& successors,
                                      const std::map<RuleId, std::size_t>& old_rules,
                                      const std::vector<LoadedRule>& old,
                                      const std::vector<std::set<series::Origin>>& old_reads,
                                      base::WallTime wall, base::MonotonicTime mono) {
  Dependencies dependencies = find_dependencies(rules);
  std::vector<Schedule::GroupSpec> group_specs;
  for (const LoadedGroup& group : groups) {
    Schedule::GroupSpec spec;
    spec.interval = group.interval;
    spec.phase = grid_phase(group.group, group.interval);
    group_specs.push_back(spec);
  }
  std::vector<Schedule::RuleSpec> specs;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    LoadedRule& rule = rules[i];
    rule.grid = rule.grid || dependencies.cyclic[i];
    group_specs[rule.group].grid = group_specs[rule.group].grid || rule.grid;
    Schedule::RuleSpec spec;
    spec.group = rule.group;
    spec.grid = rule.grid;
    spec.interval = groups[rule.group].interval;
    spec.selectors = rule.selectors;
    const auto successor = successors.find(rule.id);
    const RuleId& before_id = successor == successors.end() ? rule.id : successor->second;
    if (const auto found = old_rules.find(before_id); found != old_rules.end()) {
      const LoadedRule& before = old[found->second];
      const bool same = before.rule.query.text() == rule.rule.query.text();
      if (same) {
        spec.reads.assign(old_reads[found->second].begin(), old_reads[found->second].end());
        rule.health = before.health;
        rule.last_error = before.last_error;
        rule.last_evaluation = before.last_evaluation;
        rule.evaluation_seconds = before.evaluation_seconds;
        rule.kept = before.kept;
      }
      rule.slot = before.slot;
      rule.written = before.written;
      rule.restored = before.restored;
      rule.facts = before.facts;
    }
    specs.push_back(std::move(spec));
  }
  schedule.configure(std::move(specs), std::move(group_specs), std::move(dependencies), wall, mono);
}

std::vector<RecordedSample> Engine::Impl::end_series(const std::vector<LoadedRule>& old,
                                                     base::WallTime wall) {
  std::set<model::Labels> going_on;
  for (const LoadedRule& rule : rules) {
    going_on.insert(rule.written.begin(), rule.written.end());
  }
  std::vector<RecordedSample> samples;
  for (const LoadedRule& rule : old) {
    for (const model::Labels& labels : rule.written) {
      if (going_on.insert(labels).second) {
        samples.push_back({labels, {base::to_millis(wall), model::stale_marker()}});
      }
    }
  }
  return samples;
}

Decision Engine::load(std::vector<Group> groups, const std::vector<QuarantinedGroup>& quarantined,
                      base::WallTime wall, base::MonotonicTime mono) {
  Impl& impl = *impl_;
  groups = impl.with_quarantined(std::move(groups), quarantined);
  const std::vector<LoadedRule> old = std::move(impl.rules);
  std::map<RuleId, std::size_t> old_rules;
  std::vector<std::set<series::Origin>> old_reads;
  for (std::size_t i = 0; i < old.size(); ++i) {
    old_rules.emplace(old[i].id, i);
    old_reads.push_back(impl.schedule.reads(i));
  }
  ++impl.generation;
  impl.build(std::move(groups), quarantined);
  const std::map<RuleId, RuleId> successors = impl.successors(old);
  impl.configure_schedule(successors, old_rules, old, old_reads, wall, mono);
  Decision decision;
  if (impl.restored) {
    decision = impl.settle_orphans(successors, wall);
  }
  decision.samples = impl.end_series(old, wall);
  return decision;
}

Decision Engine::finish_restore(base::WallTime wall, base::MonotonicTime mono) {
  Impl& impl = *impl_;
  impl.restored = true;
  impl.last_mono = mono;
  const std::map<RuleId, RuleId> successors = impl.successors({});
  for (LoadedRule& rule : impl.rules) {
    const auto successor = successors.find(rule.id);
    const RuleId& owner = successor == successors.end() ? rule.id : successor->second;
    impl.hold_active(rule, owner);
    for (const auto& [labels, active] : impl.book.alerts(owner)) {
      if (active.data_missing_since) {
        rule.facts[labels].missing_before = true;
      }
    }
  }
  return impl.settle_orphans(successors, wall);
}

void Engine::Impl::hold_active(LoadedRule& rule, const RuleId& owner) {
  for (const auto& [labels, active] : book.alerts(owner)) {
    if (active.alert.state != model::AlertState::kInactive) {
      rule.restored.insert(labels);
    }
  }
}

void Engine::set_live_origins(const std::vector<LiveOrigin>& origins, base::MonotonicTime mono) {
  impl_->last_mono = std::max(impl_->last_mono, mono);
  impl_->schedule.set_live(origins, mono);
}

void Engine::on_arrival(const Arrival& arrival, base::WallTime /*wall*/, base::MonotonicTime mono) {
  impl_->last_mono = std::max(impl_->last_mono, mono);
  impl_->schedule.arrived(arrival);
}

Job Engine::Impl::job_for(std::size_t index, base::WallTime time) {
  const LoadedRule& rule = rules[index];
  const LoadedGroup& group = groups[rule.group];
  Job job;
  job.group = rule.group;
  job.rule = index - group.first_rule;
  job.time = time;
  job.query_time = time - group.group.query_offset;
  job.query = rule.rule.query;
  job.selections = promql::selections(rule.rule.query, job.query_time, options.promql);
  job.generation = generation;
  job.kept = kept_for(index);
  if (!rule.rule.alerting) {
    return job;
  }
  const bool ask_restored = rule.range == base::Duration::zero();
  const bool ask_origins = group.no_data == NoData::kKeep;
  for (const auto& [labels, active] : book.alerts(rule.id)) {
    const auto facts = rule.facts.find(labels);
    // Where an alert comes from stays: asking once is enough.
    const bool ask =
        (ask_origins && (facts == rule.facts.end() || facts->second.origins.empty())) ||
        (ask_restored && rule.restored.contains(labels));
    if (active.alert.state == model::AlertState::kInactive || !ask) {
      continue;
    }
    model::LabelsBuilder inputs(labels);
    inputs.remove(model::kAlertName);
    for (const auto& [name, value] : rule.labels) {
      inputs.remove(name);
    }
    job.watched.push_back(inputs.build());
    watched[index].push_back(labels);
  }
  return job;
}

std::shared_ptr<Kept> Engine::Impl::kept_for(std::size_t index) {
  LoadedRule& rule = rules[index];
  const bool reads = !schedule.reads(index).empty() || schedule.reads_rules(index);
  // The selections of a query that depends on its times are made anew for each evaluation.
  if (!reads || rule.rule.query.depends_on_times()) {
    rule.kept = nullptr;
  } else if (!rule.kept) {
    // Samples may be newer than the time of the look by a little.
    constexpr base::Duration kAhead = std::chrono::seconds(2);
    rule.kept = std::make_shared<Kept>();
    rule.kept->at_hand = promql::reach_at_hand(rule.rule.query);
    for (base::Duration& reach : rule.kept->at_hand) {
      reach += reach > base::Duration::zero() ? groups[rule.group].group.query_offset + kAhead
                                              : base::Duration::zero();
    }
  }
  return rule.kept;
}

Stage Engine::Impl::stage_of(const Schedule::RoundStage& round) {
  Stage stage;
  watched.clear();
  for (const std::size_t rule : round.rules) {
    stage.jobs.push_back(job_for(rule, round.time));
  }
  return stage;
}

std::optional<Stage> Engine::plan_round(base::WallTime wall, base::MonotonicTime mono) {
  impl_->last_mono = std::max(impl_->last_mono, mono);
  const auto round = impl_->schedule.next(wall, mono);
  if (!round) {
    return std::nullopt;
  }
  return impl_->stage_of(*round);
}

std::optional<Stage> Engine::plan_at(base::WallTime time) {
  if (impl_->rules.empty()) {
    return std::nullopt;
  }
  return impl_->stage_of(impl_->schedule.every_rule_at(time));
}

base::Status Engine::apply(const model::Record& record) {
  if (auto status = impl_->book.apply(record); !status) {
    return status;
  }
  if (record.type == model::kClockStepped && impl_->restored) {
    const base::Duration by = *model::clock_step(record);
    impl_->schedule.clock_stepped(by);
    impl_->stepped = impl_->last_mono;
    for (LoadedRule& rule : impl_->rules) {
      // Ranges are empty now, as after a start; a missing result says nothing before they are full.
      if (by > base::Duration::zero() && rule.range > base::Duration::zero()) {
        impl_->hold_active(rule, rule.id);
      }
    }
  }
  return {};
}

std::optional<base::MonotonicTime> Engine::next_deadline(base::WallTime wall,
                                                         base::MonotonicTime mono) const {
  return impl_->schedule.next_deadline(wall, mono);
}

boost::json::object Engine::save() const { return impl_->book.save(); }

base::Status Engine::load_state(const boost::json::object& state) {
  return impl_->book.load(state);
}

model::Record watched_record(base::WallTime now) {
  model::Record record;
  record.type = std::string(record_type::kWatched);
  record.time = now;
  record.actor = "system";
  return record;
}

model::Record unwatched_record(base::WallTime now, base::Duration lasted) {
  model::Record record = watched_record(now);
  record.type = std::string(record_type::kUnwatched);
  record.payload["lasted_ms"] = lasted.count();
  return record;
}

AlertCounts Engine::alert_counts() const {
  AlertCounts counts;
  for (const LoadedRule& rule : impl_->rules) {
    for (const auto& [labels, active] : impl_->book.alerts(rule.id)) {
      counts.pending += active.alert.state == model::AlertState::kPending ? 1U : 0U;
      counts.firing += active.alert.state == model::AlertState::kFiring ? 1U : 0U;
    }
  }
  return counts;
}

EvaluationKinds Engine::evaluation_kinds() const {
  EvaluationKinds kinds;
  for (const LoadedRule& rule : impl_->rules) {
    ++(rule.incremental ? kinds.incremental : kinds.full);
  }
  return kinds;
}

base::Duration Engine::longest_reach() const {
  base::Duration longest{0};
  for (const LoadedRule& rule : impl_->rules) {
    longest = std::max(longest, promql::longest_reach(rule.rule.query, impl_->options.promql) +
                                    impl_->groups[rule.group].group.query_offset);
  }
  return longest;
}

}  // namespace tocsin::rules
