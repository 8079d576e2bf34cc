#include "incidents/incident.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/hash.h"
#include "base/text.h"
#include "model/alert.h"
#include "model/payload.h"

namespace tocsin::incidents {
namespace {

constexpr std::size_t kTimelineHead = 50;

constexpr std::array<std::pair<Seriousness, std::string_view>, 5> kSeriousnessNames = {
    {{Seriousness::kHigh, "high"},
     {Seriousness::kMediumHigh, "medium-high"},
     {Seriousness::kMedium, "medium"},
     {Seriousness::kMediumLow, "medium-low"},
     {Seriousness::kLow, "low"}}};

constexpr std::array<std::pair<State, std::string_view>, 3> kStateNames = {
    {{State::kOpen, "open"}, {State::kMitigated, "mitigated"}, {State::kResolved, "resolved"}}};

std::string_view to_string(model::FactStatus status) {
  switch (status) {
    case model::FactStatus::kUnknown:
      return "unknown";
    case model::FactStatus::kSuspected:
      return "suspected";
    case model::FactStatus::kConfirmed:
      return "confirmed";
  }
  return "unknown";
}

std::optional<model::FactStatus> fact_status_from(std::string_view text) {
  for (const auto status : {model::FactStatus::kUnknown, model::FactStatus::kSuspected,
                            model::FactStatus::kConfirmed}) {
    if (to_string(status) == text) {
      return status;
    }
  }
  return std::nullopt;
}

// What every notice speaks about; unknown until a record says more.
constexpr std::array<std::string_view, 4> kExpectedFacts = {"customer_impact", "cause", "action",
                                                            "eta"};

void note(Incident& incident, const model::Record& record, std::string text) {
  if (incident.timeline.size() >= kMaxTimeline) {
    incident.timeline.erase(incident.timeline.begin() + kTimelineHead);
    ++incident.timeline_dropped;
  }
  incident.timeline.push_back({record.time, record.type, record.actor, std::move(text)});
}

model::Fact read_fact(model::PayloadReader& reader) {
  model::Fact fact;
  fact.key = reader.text("key");
  fact.value = reader.text("value");
  fact.author = reader.text("author");
  const auto status = fact_status_from(reader.text("status"));
  if (!status) {
    reader.fail();
  }
  fact.status = status.value_or(model::FactStatus::kUnknown);
  return fact;
}

Seriousness read_seriousness(model::PayloadReader& reader) {
  const auto seriousness = seriousness_from(reader.text("seriousness"));
  if (!seriousness) {
    reader.fail();
  }
  return seriousness.value_or(Seriousness::kLow);
}

int read_grade(model::PayloadReader& reader) {
  const auto grade = reader.integer("grade");
  if (grade < 1 || grade > 5) {
    reader.fail();
  }
  return static_cast<int>(grade);
}

std::uint64_t read_count(model::PayloadReader& reader, std::string_view key) {
  const auto count = reader.integer(key);
  if (count < 0) {
    reader.fail();
  }
  return static_cast<std::uint64_t>(count);
}

void join(Incident& incident, const model::Record& record, Signal signal) {
  const std::uint64_t fingerprint = signal.labels.hash();
  signal.joined_at = record.time;
  std::string text(signal.labels.get(model::kAlertName));
  auto [known, added] = incident.signals.try_emplace(fingerprint);
  text += added ? " joined" : " fires again";
  if (!signal.summary.empty()) {
    text += ": " + signal.summary;
  }
  if (added || known->second.resolved_at) {
    ++incident.firing;
  }
  if (!added) {
    signal.joined_at = known->second.joined_at;
  }
  incident.clocks.occurred = std::min(incident.clocks.occurred, signal.active_at);
  known->second = std::move(signal);
  note(incident, record, std::move(text));
}

base::Status apply_joined(Incident& incident, const model::Record& record) {
  model::PayloadReader reader(record.payload);
  Signal signal;
  signal.labels = reader.labels("labels");
  signal.summary = reader.text("summary");
  signal.active_at = reader.time("active_at");
  if (!reader.intact()) {
    return reader.malformed("joining alert");
  }
  join(incident, record, std::move(signal));
  return {};
}

base::Status apply_alert_resolved(Incident& incident, const model::Record& record) {
  model::PayloadReader reader(record.payload);
  const auto fingerprint = parse_fingerprint(reader.text("fingerprint"));
  if (!reader.intact() || !fingerprint) {
    return reader.malformed("fingerprint");
  }
  const auto signal = incident.signals.find(*fingerprint);
  if (signal == incident.signals.end() || signal->second.resolved_at) {
    return {};
  }
  signal->second.resolved_at = record.time;
  --incident.firing;
  note(incident, record,
       std::string(signal->second.labels.get(model::kAlertName)) + " resolved");
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
  note(incident, record,
       "grade " + std::to_string(grade) + (provisional ? " (provisional)" : ""));
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

void put_time(boost::json::object& json, std::string_view key,
              const std::optional<base::WallTime>& time) {
  if (time) {
    json[key] = base::to_millis(*time);
  }
}

boost::json::object to_json(const Signal& signal) {
  boost::json::object json = {{"labels", model::to_json(signal.labels)},
                              {"summary", signal.summary},
                              {"active_at", base::to_millis(signal.active_at)},
                              {"joined_at", base::to_millis(signal.joined_at)}};
  put_time(json, "resolved_at", signal.resolved_at);
  return json;
}

void read_lists(model::PayloadReader& reader, Incident& incident) {
  for (const auto& element : reader.array("signals")) {
    model::PayloadReader part(element);
    Signal signal;
    signal.labels = part.labels("labels");
    signal.summary = part.text("summary");
    signal.active_at = part.time("active_at");
    signal.joined_at = part.time("joined_at");
    signal.resolved_at = part.optional_time("resolved_at");
    if (!part.intact()) {
      reader.fail();
    }
    incident.firing += signal.resolved_at ? 0U : 1U;
    const std::uint64_t fingerprint = signal.labels.hash();
    incident.signals[fingerprint] = std::move(signal);
  }
  for (const auto& element : reader.array("facts")) {
    model::PayloadReader part(element);
    model::Fact fact = read_fact(part);
    fact.time = part.time("time");
    if (!part.intact()) {
      reader.fail();
    }
    const std::string key = fact.key;
    incident.facts[key] = std::move(fact);
  }
  for (const auto& element : reader.array("timeline")) {
    model::PayloadReader part(element);
    incident.timeline.push_back(
        {part.time("time"), part.text("type"), part.text("actor"), part.text("text")});
    if (!part.intact()) {
      reader.fail();
    }
  }
}

// What "incident.opened" and a snapshot have in common.
void read_identity(model::PayloadReader& reader, Incident& incident) {
  incident.number = read_count(reader, "number");
  incident.title = reader.text("title");
  incident.key = reader.text("key");
  incident.service = reader.text("service");
  incident.category = reader.text("category");
  incident.severity = reader.text("severity");
  incident.seriousness = read_seriousness(reader);
  incident.grade = read_grade(reader);
  incident.provisional = reader.flag("provisional");
  incident.recurrence_of = reader.text("recurrence_of");
  incident.clocks.occurred = reader.time("occurred");
  incident.clocks.detected = reader.time("detected");
}

}  // namespace

std::string_view to_string(State state) {
  return kStateNames[static_cast<std::size_t>(state)].second;
}

std::string_view to_string(Seriousness seriousness) {
  return kSeriousnessNames[static_cast<std::size_t>(seriousness)].second;
}

std::optional<State> state_from(std::string_view text) {
  for (const auto& [state, name] : kStateNames) {
    if (name == text) {
      return state;
    }
  }
  return std::nullopt;
}

std::optional<Seriousness> seriousness_from(std::string_view text) {
  for (const auto& [seriousness, name] : kSeriousnessNames) {
    if (name == text) {
      return seriousness;
    }
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_fingerprint(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (text.size() != 16) {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  for (const char digit : text) {
    const std::size_t weight = kDigits.find(digit);
    if (weight == std::string_view::npos) {
      return std::nullopt;
    }
    value = (value << 4U) | weight;
  }
  return value;
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

boost::json::object to_json(const Incident& incident) {
  boost::json::array signals;
  for (const auto& [fingerprint, signal] : incident.signals) {
    signals.push_back(to_json(signal));
  }
  boost::json::array facts;
  for (const auto& [key, fact] : incident.facts) {
    facts.push_back(boost::json::object{{"key", fact.key},
                                        {"value", fact.value},
                                        {"status", to_string(fact.status)},
                                        {"author", fact.author},
                                        {"time", base::to_millis(fact.time)}});
  }
  boost::json::array timeline;
  for (const TimelineEntry& entry : incident.timeline) {
    timeline.push_back(boost::json::object{{"time", base::to_millis(entry.time)},
                                           {"type", entry.type},
                                           {"actor", entry.actor},
                                           {"text", entry.text}});
  }
  boost::json::object json = {
      {"id", incident.id()},
      {"number", static_cast<std::int64_t>(incident.number)},
      {"state", to_string(incident.state)},
      {"title", incident.title},
      {"key", incident.key},
      {"service", incident.service},
      {"category", incident.category},
      {"severity", incident.severity},
      {"seriousness", to_string(incident.seriousness)},
      {"grade", incident.grade},
      {"provisional", incident.provisional},
      {"recurrence_of", incident.recurrence_of},
      {"occurred", base::to_millis(incident.clocks.occurred)},
      {"detected", base::to_millis(incident.clocks.detected)},
      {"declared", base::to_millis(incident.clocks.declared)},
      {"signals", std::move(signals)},
      {"facts", std::move(facts)},
      {"timeline", std::move(timeline)},
      {"timeline_dropped", static_cast<std::int64_t>(incident.timeline_dropped)},
      {"reopened", static_cast<std::int64_t>(incident.reopened)},
      {"window_from", base::to_millis(incident.window_from)},
      {"calm_from", base::to_millis(incident.calm_from)}};
  put_time(json, "first_notice", incident.clocks.first_notice);
  put_time(json, "mitigated", incident.clocks.mitigated);
  put_time(json, "resolved", incident.clocks.resolved);
  return json;
}

base::Result<Incident> incident_from_json(const boost::json::value& json) {
  model::PayloadReader reader(json);
  Incident incident;
  read_identity(reader, incident);
  const auto state = state_from(reader.text("state"));
  incident.state = state.value_or(State::kOpen);
  incident.clocks.declared = reader.time("declared");
  incident.clocks.first_notice = reader.optional_time("first_notice");
  incident.clocks.mitigated = reader.optional_time("mitigated");
  incident.clocks.resolved = reader.optional_time("resolved");
  incident.timeline_dropped = read_count(reader, "timeline_dropped");
  incident.reopened = read_count(reader, "reopened");
  incident.window_from = reader.time("window_from");
  incident.calm_from = reader.time("calm_from");
  read_lists(reader, incident);
  if (!reader.intact() || !state || incident.number == 0) {
    return reader.malformed("incident");
  }
  return incident;
}

}  // namespace tocsin::incidents
