// What the API shows of rules, alerts, targets and incidents.
#include <algorithm>

#include "api/encode.h"
#include "api/json.h"
#include "base/text.h"

namespace tocsin::api {
namespace {

bool selected(const std::vector<std::string>& wanted, const std::string& name) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end();
}

bool selected(const RuleFilter& filter, const RuleView& rule) {
  const bool kind = rule.alerting ? filter.alerting : filter.recording;
  const auto matches = [&rule](const model::Matchers& matchers) {
    return model::match_all(matchers, rule.labels);
  };
  return kind && selected(filter.names, rule.name) &&
         (filter.matchers.empty() || std::ranges::any_of(filter.matchers, matches));
}

double seconds(base::Duration duration) { return static_cast<double>(duration.count()) / 1000.0; }

void write_alert(JsonWriter& json, const AlertView& alert) {
  json.begin_object().key("labels").labels(alert.labels);
  json.key("annotations").labels(alert.annotations);
  json.field("state", alert.state).field("activeAt", format_time(alert.active_at));
  if (alert.keep_firing_since) {
    json.field("keepFiringSince", format_time(alert.keep_firing_since));
  }
  if (alert.data_missing_since) {
    json.field("dataMissingSince", format_time(alert.data_missing_since));
  }
  json.field("value", format_exponent(alert.value)).end_object();
}

std::string_view alerting_state(const RuleView& rule) {
  std::string_view state = "inactive";
  for (const AlertView& alert : rule.alerts) {
    if (alert.state == "firing") {
      return "firing";
    }
    state = "pending";
  }
  return state;
}

void write_rule(JsonWriter& json, const RuleView& rule, bool exclude_alerts) {
  json.begin_object();
  if (rule.alerting) {
    json.field("state", alerting_state(rule));
  }
  json.field("name", rule.name).field("query", rule.query);
  if (rule.alerting) {
    json.key("duration").number(seconds(rule.for_duration));
    json.key("keepFiringFor").number(seconds(rule.keep_firing_for));
    json.key("labels").labels(rule.labels).key("annotations").labels(rule.annotations);
    json.key("alerts").begin_array();
    for (const AlertView& alert : rule.alerts) {
      if (!exclude_alerts) {
        write_alert(json, alert);
      }
    }
    json.end_array();
  } else if (!rule.labels.empty()) {
    json.key("labels").labels(rule.labels);
  }
  json.field("health", rule.health);
  if (!rule.last_error.empty()) {
    json.field("lastError", rule.last_error);
  }
  json.key("evaluationTime").number(rule.evaluation_seconds);
  json.key("lateEvaluations").integer(static_cast<std::int64_t>(rule.late_evaluations));
  json.key("missedEvaluations").integer(static_cast<std::int64_t>(rule.missed_evaluations));
  json.key("spacing").number(rule.spacing_seconds);
  json.field("evaluationKind", rule.incremental ? "incremental" : "full");
  json.field("lastEvaluation", format_time(rule.last_evaluation));
  json.field("type", rule.alerting ? "alerting" : "recording").end_object();
}

void write_target(JsonWriter& json, const TargetView& target) {
  json.begin_object().key("discoveredLabels").labels(target.discovered_labels);
  if (target.dropped) {
    json.end_object();
    return;
  }
  json.key("labels").labels(target.labels);
  json.field("scrapePool", target.pool).field("scrapeUrl", target.url);
  json.field("globalUrl", target.global_url.empty() ? target.url : target.global_url);
  json.field("lastError", target.last_error).field("lastScrape", format_time(target.last_scrape));
  json.key("lastScrapeDuration").number(target.last_scrape_seconds);
  json.field("health", target.health);
  json.field("scrapeInterval", base::format_duration(target.interval));
  json.field("scrapeTimeout", base::format_duration(target.timeout));
  if (target.sharpness) {
    json.key("sharpen").begin_object().key("active").boolean(target.sharpness->active);
    json.field("interval", base::format_duration(target.sharpness->interval));
    json.field("leftAloneFor", base::format_duration(target.sharpness->left_alone));
    json.key("extraPolls").integer(static_cast<std::int64_t>(target.sharpness->extra_polls));
    json.end_object();
  }
  json.end_object();
}

void write_incident(JsonWriter& json, const IncidentView& incident) {
  json.field("id", incident.id).field("title", incident.title).field("state", incident.state);
  json.key("grade").integer(incident.grade).key("provisional").boolean(incident.provisional);
  json.field("service", incident.service).field("category", incident.category);
  json.field("source", incident.source).field("detectedAt", format_time(incident.detected_at));
  const auto optional_time = [&json](std::string_view name,
                                     const std::optional<base::WallTime>& time) {
    json.key(name);
    time ? json.string(format_time(time)) : json.raw("null");
  };
  optional_time("occurredAt", incident.occurred_at);
  optional_time("mitigatedAt", incident.mitigated_at);
  optional_time("resolvedAt", incident.resolved_at);
  json.key("firingAlerts").integer(static_cast<std::int64_t>(incident.firing_alerts));
  json.key("totalAlerts").integer(static_cast<std::int64_t>(incident.total_alerts));
}

std::string_view status_text(model::FactStatus status) {
  switch (status) {
    case model::FactStatus::kSuspected:
      return "suspected";
    case model::FactStatus::kConfirmed:
      return "confirmed";
    case model::FactStatus::kUnknown:
      break;
  }
  return "unknown";
}

}  // namespace

std::string encode_rules(const std::vector<RuleGroupView>& groups, const RuleFilter& filter) {
  const bool narrowed = !filter.names.empty() || !filter.matchers.empty();
  JsonWriter json;
  json.begin_object().key("groups").begin_array();
  for (const RuleGroupView& group : groups) {
    if (!selected(filter.groups, group.name) || !selected(filter.files, group.file)) {
      continue;
    }
    std::vector<const RuleView*> rules;
    for (const RuleView& rule : group.rules) {
      if (selected(filter, rule)) {
        rules.push_back(&rule);
      }
    }
    // Groups of which a filter leaves nothing are left out.
    if (rules.empty() && narrowed) {
      continue;
    }
    json.begin_object().field("name", group.name).field("file", group.file).key("rules");
    json.begin_array();
    for (const RuleView* rule : rules) {
      write_rule(json, *rule, filter.exclude_alerts);
    }
    json.end_array();
    json.key("interval").number(seconds(group.interval));
    json.key("limit").integer(static_cast<std::int64_t>(group.limit));
    json.key("evaluationTime").number(group.evaluation_seconds);
    json.key("missedIterations").integer(static_cast<std::int64_t>(group.missed_iterations));
    json.field("lastEvaluation", format_time(group.last_evaluation)).end_object();
  }
  json.end_array().end_object();
  return json.take();
}

std::string encode_alerts(const std::vector<RuleGroupView>& groups) {
  JsonWriter json;
  json.begin_object().key("alerts").begin_array();
  for (const RuleGroupView& group : groups) {
    for (const RuleView& rule : group.rules) {
      for (const AlertView& alert : rule.alerts) {
        write_alert(json, alert);
      }
    }
  }
  json.end_array().end_object();
  return json.take();
}

std::string encode_targets(const std::vector<TargetView>& targets, bool active, bool dropped,
                           const std::string& pool) {
  JsonWriter json;
  json.begin_object();
  for (const bool now_dropped : {false, true}) {
    json.key(now_dropped ? "droppedTargets" : "activeTargets").begin_array();
    for (const TargetView& target : targets) {
      const bool wanted = now_dropped ? dropped : active;
      if (wanted && target.dropped == now_dropped && (pool.empty() || pool == target.pool)) {
        write_target(json, target);
      }
    }
    json.end_array();
  }
  json.end_object();
  return json.take();
}

std::string encode_build(const BuildView& build) {
  JsonWriter json;
  json.begin_object().field("version", build.version).field("revision", build.revision);
  json.field("branch", "").field("buildUser", "").field("buildDate", build.build_date);
  json.field("goVersion", build.compiler).field("application", "tocsin").end_object();
  return json.take();
}

std::string encode_incidents(const std::vector<IncidentView>& incidents) {
  JsonWriter json;
  json.begin_object().key("incidents").begin_array();
  for (const IncidentView& incident : incidents) {
    json.begin_object();
    write_incident(json, incident);
    json.end_object();
  }
  json.end_array().end_object();
  return json.take();
}

std::string encode_incident(const IncidentDetail& detail) {
  JsonWriter json;
  json.begin_object();
  write_incident(json, detail.incident);
  json.key("facts").begin_array();
  for (const model::Fact& fact : detail.facts) {
    json.begin_object().field("key", fact.key).field("value", fact.value);
    json.field("status", status_text(fact.status)).field("author", fact.author);
    json.field("time", format_time(fact.time)).end_object();
  }
  json.end_array().key("alerts").begin_array();
  for (const AlertView& alert : detail.alerts) {
    write_alert(json, alert);
  }
  json.end_array().key("timeline").begin_array();
  for (const TimelineEntry& entry : detail.timeline) {
    json.begin_object();
    if (entry.sequence > 0) {
      json.key("sequence").integer(static_cast<std::int64_t>(entry.sequence));
    }
    json.field("time", format_time(entry.time)).field("type", entry.type);
    json.field("actor", entry.actor).field("text", entry.text).end_object();
  }
  json.end_array().end_object();
  return json.take();
}

}  // namespace tocsin::api
