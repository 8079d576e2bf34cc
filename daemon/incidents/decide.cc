// What changes of alerts mean for incidents; see registry.h.
#include <algorithm>
#include <bit>
#include <map>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "base/text.h"
#include "incidents/registry.h"
#include "incidents/stored.h"
#include "model/alert_change.h"

namespace tocsin::incidents {
namespace {

constexpr std::size_t kMaxTitleBytes = 300;
constexpr std::size_t kMaxAnnotations = 20;
constexpr std::size_t kMaxAnnotationBytes = 1000;

Seriousness seriousness_of(const model::Labels& labels) {
  if (const auto named = seriousness_from(labels.get("seriousness"))) {
    return *named;
  }
  const std::string_view severity = labels.get("severity");
  if (severity == "critical" || severity == "page") {
    return Seriousness::kMediumHigh;
  }
  return severity == "error" ? Seriousness::kMedium : Seriousness::kMediumLow;
}

// Informational alerts never touch incidents.
bool is_silent(const model::Labels& labels) {
  const std::string_view severity = labels.get("severity");
  return severity == "info" || severity == "none";
}

// What an incident keeps of an alert's annotations: one may hold many alerts.
model::Labels shortened(const model::Labels& annotations) {
  std::vector<model::Label> kept;
  for (const model::Label& annotation : annotations) {
    if (kept.size() < kMaxAnnotations) {
      kept.push_back({annotation.name, model::Symbol(base::truncate_utf8(annotation.value.view(),
                                                                         kMaxAnnotationBytes))});
    }
  }
  return model::Labels(std::move(kept));
}

std::string title_of(const model::Alert& alert) {
  const std::string_view summary = alert.annotations.get("summary");
  return std::string(base::truncate_utf8(
      summary.empty() ? alert.labels.get(model::kAlertName) : summary, kMaxTitleBytes));
}

model::Record make_record(base::WallTime now, std::string_view type, std::string id,
                          boost::json::object payload, std::string_view actor) {
  model::Record record;
  record.type = "incident." + std::string(type);
  record.time = now;
  record.actor = actor;
  record.subject = std::move(id);
  record.payload = std::move(payload);
  return record;
}

model::Record by_rule(base::WallTime now, std::string_view type, const Incident& incident,
                      boost::json::object payload = {}) {
  return make_record(now, type, incident.id(), std::move(payload), "rule");
}

model::Record by_system(base::WallTime now, std::string_view type, const Incident& incident,
                        boost::json::object payload = {}) {
  return make_record(now, type, incident.id(), std::move(payload), "system");
}

// One decision tells of an incident's growth once, however many alerts join it.
void tell(Decision& decision, EventKind kind, const Incident& incident) {
  const std::string id = incident.id();
  for (auto event = decision.events.rbegin(); event != decision.events.rend(); ++event) {
    if (kind == EventKind::kUpdated && event->incident.id == id) {
      event->incident = incident.brief();
      return;
    }
  }
  decision.events.push_back({kind, incident.brief()});
}

}  // namespace

// Changes of one evaluation depend on each other (one opens what the next one joins), so they are
// decided on a copy that lives through the records made so far. The copy shares all incidents and
// clones those that it touches.
Decision Registry::decide_alerts(base::WallTime now,
                                 std::span<const model::AlertChange> changes) const {
  Decision decision;
  std::optional<Registry> draft;
  for (const model::AlertChange& change : changes) {
    const bool firing = is_firing(change);
    if ((!firing && !is_cleared(change)) || is_silent(change.alert.labels)) {
      continue;
    }
    if (!draft) {
      draft.emplace(*this);
    }
    if (firing) {
      draft->decide_firing(now, change.alert, decision);
    } else {
      draft->decide_cleared(now, change.alert, decision);
    }
  }
  return decision;
}

Decision Registry::decide_reconcile(base::WallTime now,
                                    std::span<const model::Alert> firing) const {
  std::vector<model::AlertChange> changes;
  std::set<std::uint64_t> fingerprints;
  for (const model::Alert& alert : firing) {
    fingerprints.insert(alert.labels.hash());
    changes.push_back({model::AlertTransition::kUpdated, alert});
  }
  for (const auto& [number, incident] : incidents_) {
    for (const auto& [fingerprint, signal] : incident->signals) {
      if (!signal.resolved_at && !fingerprints.contains(fingerprint)) {
        model::Alert gone;
        gone.labels = signal.labels;
        changes.push_back({model::AlertTransition::kGone, std::move(gone)});
      }
    }
  }
  return decide_alerts(now, changes);
}

Decision Registry::decide_data(base::WallTime now, std::span<const DataNews> news) const {
  struct Line {
    std::string alert;  // the first of them
    std::int64_t alerts = 0;
    base::WallTime since;
  };
  // One line for all alerts of an incident that share a fate: a target may have thousands.
  std::map<std::pair<std::uint64_t, DataState>, Line> lines;
  for (const DataNews& piece : news) {
    const std::uint64_t fingerprint = piece.labels.hash();
    const Incident* holder = holding(fingerprint, correlation_key(piece.labels));
    if (holder == nullptr || holder->signals.at(fingerprint).resolved_at) {
      continue;
    }
    const auto [line, added] = lines.try_emplace({holder->number, piece.state});
    if (added) {
      line->second.alert = piece.labels.get(model::kAlertName);
      line->second.since = piece.since;
    }
    line->second.since = std::min(line->second.since, piece.since);
    ++line->second.alerts;
  }
  Decision decision;
  for (const auto& [key, line] : lines) {
    const Incident& incident = *incidents_.at(key.first);
    decision.records.push_back(by_rule(now, "alert_data", incident,
                                       {{"alert", line.alert},
                                        {"alerts", line.alerts},
                                        {"state", to_string(key.second)},
                                        {"since", base::to_millis(line.since)}}));
    tell(decision, EventKind::kUpdated, incident);
  }
  return decision;
}

void Registry::decide_firing(base::WallTime now, const model::Alert& alert, Decision& decision) {
  const std::string key = correlation_key(alert.labels);
  const std::uint64_t fingerprint = alert.labels.hash();
  if (const Incident* holder = holding(fingerprint, key)) {
    if (!holder->signals.at(fingerprint).resolved_at) {
      return;
    }
    join(now, *holder, alert, decision);
  } else if (const Incident* calm = reopenable(now, fingerprint, key)) {
    const std::uint64_t number = calm->number;
    emit(decision, by_rule(now, "reopened", *calm));
    tell(decision, EventKind::kReopened, *incidents_.at(number));
    join(now, *incidents_.at(number), alert, decision);
  } else if (const Incident* open_one = joinable(now, key)) {
    join(now, *open_one, alert, decision);
  } else if (model::match_all(config_.open_on, alert.labels)) {
    open(now, alert, decision);
  }
}

void Registry::decide_cleared(base::WallTime now, const model::Alert& alert, Decision& decision) {
  const std::uint64_t fingerprint = alert.labels.hash();
  const Incident* holder = holding(fingerprint, correlation_key(alert.labels));
  if (holder == nullptr || holder->signals.at(fingerprint).resolved_at) {
    return;
  }
  const std::uint64_t number = holder->number;
  emit(decision,
       by_rule(now, "alert_resolved", *holder, {{"fingerprint", base::to_hex(fingerprint)}}));
  EventKind kind = EventKind::kUpdated;
  if (incidents_.at(number)->firing == 0) {
    emit(decision, by_rule(now, "mitigated", *incidents_.at(number)));
    kind = EventKind::kMitigated;
  }
  tell(decision, kind, *incidents_.at(number));
}

// In a storm what would open one incident after the other goes under one umbrella.
void Registry::open(base::WallTime now, const model::Alert& alert, Decision& decision) {
  const bool storm = is_storm(now);
  const Incident* umbrella = joinable(now, kUmbrellaKey);
  if (umbrella != nullptr && (storm || now < umbrella->grown + config_.storm_window)) {
    join(now, *umbrella, alert, decision);
    return;
  }
  Incident fresh;
  fresh.number = last_number_ + 1;
  fresh.seriousness = seriousness_of(alert.labels);
  emit(decision,
       by_rule(now, "opened", fresh,
               {{"number", static_cast<std::int64_t>(fresh.number)},
                {"title", (storm ? "Many failures at once: " : "") + title_of(alert)},
                {"key", storm ? std::string(kUmbrellaKey) : correlation_key(alert.labels)},
                {"umbrella", storm},
                {"service", storm ? std::string_view() : alert.labels.get("service")},
                {"category", alert.labels.get("category")},
                {"severity", alert.labels.get("severity")},
                {"seriousness", to_string(fresh.seriousness)},
                {"grade", config_.grade_matrix.worst(fresh.seriousness)},
                {"provisional", true},
                {"recurrence_of", last_incident_of(alert.labels)},
                {"occurred", base::to_millis(std::min(alert.active_at, now))},
                {"detected", base::to_millis(now)}}));
  tell(decision, EventKind::kOpened, *incidents_.at(fresh.number));
  join(now, *incidents_.at(fresh.number), alert, decision);
}

bool Registry::is_storm(base::WallTime now) const {
  const auto fresh = std::ranges::count_if(incidents_, [&](const auto& entry) {
    return now < entry.second->window_from + config_.storm_window;
  });
  return static_cast<std::size_t>(fresh) >= config_.storm_incidents;
}

std::string Registry::last_incident_of(const model::Labels& labels) const {
  if (const auto brief = brief_for(labels)) {
    return brief->id;
  }
  const auto past = past_->incident.find(labels.hash());
  return past == past_->incident.end() ? "" : "INC-" + std::to_string(past->second);
}

// `incident` is looked up anew after each record, because records may replace it.
void Registry::join(base::WallTime now, const Incident& incident, const model::Alert& alert,
                    Decision& decision) {
  const std::uint64_t number = incident.number;
  emit(decision,
       by_rule(
           now, "alert_joined", incident,
           {{"labels", model::to_json(alert.labels)},
            {"summary", base::truncate_utf8(alert.annotations.get("summary"), kMaxAnnotationBytes)},
            {"annotations", model::to_json(shortened(alert.annotations))},
            {"value_bits", std::bit_cast<std::int64_t>(alert.value)},
            {"active_at", base::to_millis(alert.active_at)}}));
  // Grades rise by themselves; lowering one is for people.
  const Seriousness seriousness = seriousness_of(alert.labels);
  const int grade = config_.grade_matrix.worst(seriousness);
  if (grade < incidents_.at(number)->grade) {
    emit(decision,
         by_rule(
             now, "graded", *incidents_.at(number),
             {{"seriousness", to_string(seriousness)}, {"grade", grade}, {"provisional", true}}));
  }
  const std::string_view impact = alert.annotations.get("impact");
  const auto known = incidents_.at(number)->facts.find("customer_impact");
  if (!impact.empty() && (known == incidents_.at(number)->facts.end() ||
                          known->second.status == model::FactStatus::kUnknown)) {
    emit(decision, by_rule(now, "fact", *incidents_.at(number),
                           {{"key", "customer_impact"},
                            {"value", base::truncate_utf8(impact, 1000)},
                            {"status", "suspected"},
                            {"author", "rule"}}));
  }
  tell(decision, EventKind::kUpdated, *incidents_.at(number));
}

void Registry::emit(Decision& decision, model::Record record) {
  const auto applied = apply(record);
  TOCSIN_CHECK(applied, "a decision must fit the state that it was made for");
  decision.records.push_back(std::move(record));
}

Decision Registry::decide_due(base::WallTime now) const {
  Decision decision;
  for (const auto& [number, incident] : incidents_) {
    if (incident->state == State::kMitigated &&
        now >= incident->calm_from + config_.resolve_after) {
      decision.records.push_back(by_system(now, "resolved", *incident));
      Incident after = *incident;
      after.state = State::kResolved;
      decision.events.push_back({EventKind::kResolved, after.brief()});
    } else if (incident->state == State::kResolved &&
               now >= incident->calm_from + config_.reopen_window) {
      decision.records.push_back(by_system(now, "archived", *incident));
    }
  }
  return decision;
}

Decision Registry::decide_delivered(base::WallTime now, const model::Notice& notice) const {
  Decision decision;
  for (const model::IncidentBrief& brief : notice.incidents) {
    const auto incident = find(brief.id);
    if (incident && !incident->clocks.first_notice) {
      decision.records.push_back(by_system(now, "notice_sent", *incident, {{"notice", notice.id}}));
    }
  }
  return decision;
}

// Once for each channel: one that refuses everything is tried again at every look at its group.
Decision Registry::decide_refused(base::WallTime now, const model::Notice& notice,
                                  std::string_view reason) const {
  Decision decision;
  for (const model::IncidentBrief& brief : notice.incidents) {
    const auto incident = find(brief.id);
    if (!incident) {
      continue;
    }
    const std::string who = refused_by(notice.receiver, notice.integration);
    const bool noted = std::ranges::any_of(incident->timeline, [&](const TimelineEntry& entry) {
      return entry.type == "incident.notice_refused" && entry.text.starts_with(who);
    });
    if (!noted) {
      decision.records.push_back(by_system(now, "notice_refused", *incident,
                                           {{"notice", notice.id},
                                            {"receiver", notice.receiver},
                                            {"integration", notice.integration},
                                            {"reason", base::truncate_utf8(reason, 300)}}));
    }
  }
  return decision;
}

std::optional<base::WallTime> Registry::next_deadline() const {
  std::optional<base::WallTime> next;
  for (const auto& [number, incident] : incidents_) {
    if (incident->state == State::kOpen) {
      continue;
    }
    const base::WallTime due =
        incident->calm_from +
        (incident->state == State::kMitigated ? config_.resolve_after : config_.reopen_window);
    next = next ? std::min(*next, due) : due;
  }
  return next;
}

}  // namespace tocsin::incidents
