#include "app/view_mapping.h"

#include <string>
#include <utility>
#include <vector>

namespace tocsin::app {
namespace {

model::Labels to_labels(const std::vector<std::pair<std::string, std::string>>& pairs) {
  model::LabelsBuilder labels;
  for (const auto& [name, value] : pairs) {
    labels.set(name, value);
  }
  return labels.build();
}

api::AlertView to_view(const rules::AlertView& view) {
  return {.labels = view.alert.labels,
          .annotations = view.alert.annotations,
          .state = std::string(model::to_string(view.alert.state)),
          .active_at = view.alert.active_at,
          .keep_firing_since = view.keep_firing_since,
          .value = view.alert.value,
          .data_missing_since = view.data_missing_since};
}

api::RuleView to_view(const rules::RuleView& rule) {
  api::RuleView view;
  view.alerting = rule.alerting;
  view.name = rule.name;
  view.query = rule.query;
  view.for_duration = rule.for_duration;
  view.keep_firing_for = rule.keep_firing_for;
  view.labels = to_labels(rule.labels);
  view.annotations = to_labels(rule.annotations);
  view.health = std::string(rules::to_string(rule.health));
  view.last_error = rule.last_error;
  view.evaluation_seconds = rule.evaluation_seconds;
  view.late_evaluations = rule.late_evaluations;
  view.missed_evaluations = rule.missed_evaluations;
  view.spacing_seconds = rule.spacing_seconds;
  view.incremental = rule.incremental;
  view.last_evaluation = rule.last_evaluation;
  for (const rules::AlertView& alert : rule.alerts) {
    // Resolved alerts are kept for a while; Prometheus' API shows active ones.
    if (alert.alert.state != model::AlertState::kInactive) {
      view.alerts.push_back(to_view(alert));
    }
  }
  return view;
}

}  // namespace

api::RuleGroupView to_view(const rules::GroupView& group) {
  api::RuleGroupView view;
  view.name = group.name;
  view.file = group.file;
  view.interval = group.interval;
  view.limit = group.limit;
  view.missed_iterations = group.missed_iterations;
  view.evaluation_seconds = group.evaluation_seconds;
  view.last_evaluation = group.last_evaluation;
  for (const rules::RuleView& rule : group.rules) {
    view.rules.push_back(to_view(rule));
  }
  return view;
}

api::TargetView to_view(const sources::TargetStatus& status) {
  api::TargetView view;
  view.discovered_labels = status.spec.discovered;
  view.labels = status.spec.labels;
  view.pool = status.spec.pool;
  view.url = status.spec.url;
  view.health = std::string(sources::to_string(status.health));
  view.last_error = status.last_error;
  if (status.health != sources::Health::kUnknown) {
    view.last_scrape = status.last_scrape;
  }
  view.last_scrape_seconds = status.last_duration_seconds;
  view.interval = status.spec.interval;
  view.timeout = status.spec.timeout;
  return view;
}

api::IncidentView to_view(const incidents::Incident& incident) {
  api::IncidentView view;
  view.id = incident.id();
  view.title = incident.title;
  view.state = std::string(incidents::to_string(incident.state));
  view.grade = incident.grade;
  view.provisional = incident.provisional;
  view.service = incident.service;
  view.category = incident.category;
  view.source = "rule";
  view.detected_at = incident.clocks.detected;
  view.occurred_at = incident.clocks.occurred;
  view.mitigated_at = incident.clocks.mitigated;
  view.resolved_at = incident.clocks.resolved;
  view.firing_alerts = incident.firing;
  view.total_alerts = incident.signals.size();
  return view;
}

api::IncidentDetail to_detail(const incidents::Incident& incident) {
  api::IncidentDetail detail;
  detail.incident = to_view(incident);
  for (const auto& [key, fact] : incident.facts) {
    detail.facts.push_back(fact);
  }
  for (const auto& [fingerprint, signal] : incident.signals) {
    api::AlertView alert;
    alert.labels = signal.labels;
    alert.annotations = signal.annotations;
    alert.value = signal.value;
    alert.state = signal.resolved_at ? "resolved" : "firing";
    alert.active_at = signal.active_at;
    detail.alerts.push_back(std::move(alert));
  }
  for (const incidents::TimelineEntry& entry : incident.timeline) {
    detail.timeline.push_back({.sequence = entry.sequence,
                               .time = entry.time,
                               .type = entry.type,
                               .actor = entry.actor,
                               .text = entry.text});
  }
  return detail;
}

}  // namespace tocsin::app
