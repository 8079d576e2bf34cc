#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rules/alert_book.h"
#include "rules/alert_state.h"
#include "rules/engine.h"
#include "rules/loaded.h"
#include "rules/schedule.h"
#include "rules/templating.h"

namespace tocsin::rules {

/// What the files engine*.cc share; private to them.
struct Engine::Impl {
  Impl(EngineOptions engine_options, QueryFunction query);

  // engine.cc
  void build(std::vector<Group> groups, const std::vector<QuarantinedGroup>& quarantined);
  std::vector<Group> with_quarantined(std::vector<Group> groups,
                                      const std::vector<QuarantinedGroup>& quarantined) const;
  void configure_schedule(const std::map<RuleId, RuleId>& successors,
                          const std::map<RuleId, std::size_t>& old_rules,
                          const std::vector<LoadedRule>& old,
                          const std::vector<std::set<series::Origin>>& old_reads,
                          base::WallTime wall, base::MonotonicTime mono);
  std::vector<RecordedSample> end_series(const std::vector<LoadedRule>& old, base::WallTime wall);
  Stage stage_of(const Schedule::RoundStage& round);
  Job job_for(std::size_t rule, base::WallTime time);
  std::shared_ptr<Kept> kept_for(std::size_t rule);

  // engine_orphans.cc
  /// The loaded rules that go on for one of `old`, or for one that only has alerts left.
  std::map<RuleId, RuleId> successors(const std::vector<LoadedRule>& old) const;
  /// Hands over the alerts of rules that are gone, and ends those that nobody takes.
  Decision settle_orphans(const std::map<RuleId, RuleId>& successors, base::WallTime wall) const;

  // engine_decide.cc
  void decide_one(JobResult result, base::MonotonicTime mono, Decision& decision);
  void decide_recording(LoadedRule& rule, const promql::Vector& elements, std::int64_t time_ms,
                        Decision& decision);
  std::optional<base::Duration> decide_alerting(LoadedRule& rule, std::size_t index,
                                                const JobResult& result,
                                                const promql::Vector& elements,
                                                std::int64_t time_ms, base::MonotonicTime mono,
                                                Decision& decision);
  /// Alerts of this rule are not resolved by a missing result until its ranges are full.
  void hold_active(LoadedRule& rule, const RuleId& owner);
  HoldFunction hold_function(LoadedRule& rule, std::size_t index, const JobResult& result,
                             base::MonotonicTime mono);
  AlertMap current_alerts(const LoadedRule& rule) const;
  bool may_hold(std::size_t rule) const;
  bool lacks_data(const LoadedRule& rule, const model::Labels& labels,
                  const std::set<series::Origin>& inputs, base::MonotonicTime mono) const;
  void tell(LoadedRule& rule, std::size_t index, const AlertLook& look, base::MonotonicTime mono,
            Decision& decision);
  void fail(LoadedRule& rule, const std::string& message, Decision& decision);

  EngineOptions options;
  TemplateContext templates;
  AlertBook book;
  Schedule schedule;
  std::vector<LoadedGroup> groups;
  std::vector<LoadedRule> rules;
  std::set<std::string> unread;  // names of groups that could not be read and have no old version
  bool restored = false;         // the replay is over
  std::uint64_t generation = 0;
  std::optional<base::MonotonicTime> stepped;  // when the wall clock stepped last
  base::MonotonicTime last_mono{};
  std::uint64_t late_evaluations = 0;
  std::uint64_t missed_evaluations = 0;
  /// By rule: the alerts that the jobs of the running stage watch, parallel to Job::watched.
  std::map<std::size_t, std::vector<model::Labels>> watched;
};

}  // namespace tocsin::rules
