#include "incidents/incident.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/hash.h"
#include "base/rfc3339.h"
#include "incidents/stored.h"
#include "model/payload.h"

namespace tocsin::incidents {
namespace {

constexpr std::size_t kTimelineHead = 50;

// What every notice speaks about; unknown until a record says more.
constexpr std::array<std::string_view, 4> kExpectedFacts = {"customer_impact", "cause", "action",
                                                            "eta"};

void note(Incident& incident, const model::Record& record, std::string text) {
  if (incident.timeline.size() >= kMaxTimeline) {
    incident.timeline.erase(incident.timeline.begin() + kTimelineHead);
    ++incident.timeline_dropped;
  }
  incident.timeline.push_back(
      {record.sequence, record.time, record.type, record.actor, std::move(text)});
  if (record.sequence > 0) {
    incident.lines_written = incident.timeline.size() + incident.timeline_dropped;
  }
}

void join(Incident& incident, const model::Record& record, Signal signal) {
  const std::uint64_t fingerprint = signal.labels.hash();
  signal.joined_at = record.time;
  std::string text(signal.labels.get(model::kAlertName));
  auto [known, added] = incident.signals.try_emplace(fingerprint);
  text += added ? " joined" : " fires again";
  if (const std::string_view summary = signal.annotations.get("summary"); !summary.empty()) {
    text += ": " + std::string(summary);
  }
  if (added || known->second.resolved_at) {
    ++incident.firing;
  }
  if (!added) {
    signal.joined_at = known->second.joined_at;
  }
  incident.clocks.occurred = std::min(incident.clocks.occurred, signal.active_at);
  incident.grown = record.time;
  known->second = std::move(signal);
  note(incident, record, std::move(text));
}

base::Status apply_joined(Incident& incident, const model::Record& record) {
  model::PayloadReader reader(record.payload);
  Signal signal = read_signal(reader, record.payload);
  if (!reader.intact()) {
    return reader.malformed("joining alert");
  }
  join(incident, record, std::move(signal));
  return {};
}

base::Status apply_alert_resolved(Incident& incident, const model::Record& record) {
  model::PayloadReader reader(record.payload);
  const auto fingerprint = base::parse_hex(reader.text("fingerprint"));
  if (!reader.intact() || !fingerprint) {
    return reader.malformed("fingerprint");
  }
  const auto signal = incident.signals.find(*fingerprint);
  if (signal == incident.signals.end() || signal->second.resolved_at) {
    return {};
  }
  signal->second.resolved_at = record.time;
  --incident.firing;
  note(incident, record, std::string(signal->second.labels.get(model::kAlertName)) + " resolved");
  return {};
}

base::Status apply_data(Incident& incident, const model::Record& record) {
  model::PayloadReader reader(record.payload);
  std::string text = reader.text("alert");
  const std::int64_t alerts = reader.integer("alerts");
  const DataState state = read_data_state(reader);
  const base::WallTime since = reader.time("since");
  if (!reader.intact() || alerts < 1) {
    return reader.malformed("state of an alert's data");
  }
  if (alerts > 1) {
    text += " and " + std::to_string(alerts - 1) + " more";
  }
  switch (state) {
    case DataState::kHeld:
      text += ": no data since " + base::format_rfc3339(since) + ", kept as it was";
      break;
    case DataState::kMissing:
      text += ": data missing since " + base::format_rfc3339(since) +
              ", goes on firing until a poll succeeds";
      break;
    case DataState::kBack:
      text += ": there is data again";
      break;
  }
  note(incident, record, std::move(text));
  return {};
}

base::Status apply_graded(Incident& incident, const model::Record& record) {
  model::PayloadReader reader(record.payload);
  const auto seriousness = read_seriousness(reader);
  const int grade = read_grade(reader);
  const bool provisional = reader.flag("provisional");
  if (!reader.intact()) {
    return reader.malformed("grade");
  }
  incident.seriousness = seriousness;
  incident.grade = grade;
  incident.provisional = provisional;
  note(incident, record, "grade " + std::to_string(grade) + (provisional ? " (provisional)" : ""));
  return {};
}

base::Status apply_fact(Incident& incident, const model::Record& record) {
  model::PayloadReader reader(record.payload);
  model::Fact fact = read_fact(reader);
  if (!reader.intact()) {
    return reader.malformed("fact");
  }
  fact.time = record.time;
  note(incident, record,
       fact.key + " (" + std::string(to_string(fact.status)) + "): " + fact.value);
  const std::string key = fact.key;
  incident.facts[key] = std::move(fact);
  return {};
}

void enter(Incident& incident, const model::Record& record, State state) {
  Clocks& clocks = incident.clocks;
  incident.state = state;
  incident.calm_from = record.time;
  switch (state) {
    case State::kOpen:
      ++incident.reopened;
      clocks.mitigated.reset();
      clocks.resolved.reset();
      note(incident, record, "opened again");
      break;
    case State::kMitigated:
      clocks.mitigated = std::max(record.time, clocks.declared);
      note(incident, record, "all alerts have resolved");
      break;
    case State::kResolved:
      clocks.resolved = std::max(record.time, clocks.mitigated.value_or(clocks.declared));
      note(incident, record, "resolved by itself after a time of calm");
      break;
  }
}

}  // namespace

void Incident::line_written(std::uint64_t sequence) {
  if (lines_written >= timeline.size() + timeline_dropped) {
    return;
  }
  const std::uint64_t line = lines_written++;
  if (line < kTimelineHead) {
    timeline[line].sequence = sequence;
  } else if (line >= kTimelineHead + timeline_dropped) {
    timeline[line - timeline_dropped].sequence = sequence;
  }
}

std::string refused_by(std::string_view receiver, std::string_view integration) {
  return std::string(receiver) + " has not been told by " + std::string(integration) + ": ";
}

model::IncidentBrief Incident::brief() const {
  return {.id = id(),
          .title = title,
          .state = std::string(to_string(state)),
          .grade = grade,
          .provisional = provisional,
          .service = service,
          .category = category,
          .detected_at = clocks.detected};
}

base::Result<Incident> opened_from(const model::Record& record) {
  if (record.type != "incident.opened" || record.version != 1) {
    return model::PayloadReader::malformed("incident: its first record is " + record.type);
  }
  model::PayloadReader reader(record.payload);
  Incident incident;
  read_identity(reader, incident);
  if (!reader.intact() || incident.number == 0 || record.subject != incident.id()) {
    return reader.malformed("incident");
  }
  incident.clocks.declared = incident.clocks.detected;
  incident.window_from = incident.clocks.detected;
  incident.grown = incident.clocks.detected;
  incident.calm_from = incident.clocks.detected;
  for (const std::string_view key : kExpectedFacts) {
    incident.facts[std::string(key)] = {.key = std::string(key),
                                        .value = "",
                                        .status = model::FactStatus::kUnknown,
                                        .author = record.actor,
                                        .time = record.time};
  }
  note(incident, record, incident.title);
  return incident;
}

base::Status apply_to(Incident& incident, const model::Record& record) {
  if (record.version != 1) {
    return model::PayloadReader::malformed(record.type + " of an unknown version");
  }
  if (record.type == "incident.alert_joined") {
    return apply_joined(incident, record);
  }
  if (record.type == "incident.alert_resolved") {
    return apply_alert_resolved(incident, record);
  }
  if (record.type == "incident.alert_data") {
    return apply_data(incident, record);
  }
  if (record.type == "incident.graded") {
    return apply_graded(incident, record);
  }
  if (record.type == "incident.fact") {
    return apply_fact(incident, record);
  }
  if (record.type == "incident.notice_sent") {
    if (!incident.clocks.first_notice) {
      incident.clocks.first_notice = std::max(record.time, incident.clocks.declared);
    }
    note(incident, record, "first notice delivered");
    return {};
  }
  if (record.type == "incident.notice_refused") {
    model::PayloadReader reader(record.payload);
    const std::string who = refused_by(reader.text("receiver"), reader.text("integration"));
    const std::string reason = reader.text("reason");
    if (!reader.intact()) {
      return reader.malformed("refusal of a notice");
    }
    note(incident, record, who + reason);
    return {};
  }
  if (record.type == "incident.mitigated") {
    enter(incident, record, State::kMitigated);
    return {};
  }
  if (record.type == "incident.resolved") {
    enter(incident, record, State::kResolved);
    return {};
  }
  if (record.type == "incident.reopened") {
    enter(incident, record, State::kOpen);
    return {};
  }
  return model::PayloadReader::malformed("incident record of the unknown type " + record.type);
}

base::Result<Incident> fold(std::span<const model::Record> records) {
  std::optional<Incident> incident;
  for (const model::Record& record : records) {
    if (!record.type.starts_with("incident.") || record.type == "incident.archived") {
      continue;
    }
    if (!incident) {
      auto opened = opened_from(record);
      if (!opened) {
        return opened.error();
      }
      incident = *std::move(opened);
      continue;
    }
    if (record.subject != incident->id()) {
      return model::PayloadReader::malformed("incident: a record is about " + record.subject);
    }
    if (auto applied = apply_to(*incident, record); !applied) {
      return applied.error();
    }
  }
  if (!incident) {
    return base::Error(base::ErrorCode::kNotFound, "no such incident");
  }
  return *std::move(incident);
}

}  // namespace tocsin::incidents
