#include "incidents/stored.h"

#include <array>
#include <bit>
#include <utility>

#include "model/alert.h"

namespace tocsin::incidents {
namespace {

constexpr std::array<std::pair<Seriousness, std::string_view>, 5> kSeriousnessNames = {
    {{Seriousness::kHigh, "high"},
     {Seriousness::kMediumHigh, "medium-high"},
     {Seriousness::kMedium, "medium"},
     {Seriousness::kMediumLow, "medium-low"},
     {Seriousness::kLow, "low"}}};

constexpr std::array<std::pair<State, std::string_view>, 3> kStateNames = {
    {{State::kOpen, "open"}, {State::kMitigated, "mitigated"}, {State::kResolved, "resolved"}}};

constexpr std::array<std::pair<DataState, std::string_view>, 3> kDataStateNames = {
    {{DataState::kHeld, "held"}, {DataState::kMissing, "missing"}, {DataState::kBack, "back"}}};

std::optional<model::FactStatus> fact_status_from(std::string_view text) {
  for (const auto status : {model::FactStatus::kUnknown, model::FactStatus::kSuspected,
                            model::FactStatus::kConfirmed}) {
    if (to_string(status) == text) {
      return status;
    }
  }
  return std::nullopt;
}

std::uint64_t read_count(model::PayloadReader& reader, std::string_view key) {
  const auto count = reader.integer(key);
  if (count < 0) {
    reader.fail();
  }
  return static_cast<std::uint64_t>(count);
}

void put_time(boost::json::object& json, std::string_view key,
              const std::optional<base::WallTime>& time) {
  if (time) {
    json[key] = base::to_millis(*time);
  }
}

boost::json::object to_json(const Signal& signal) {
  boost::json::object json = {{"labels", model::to_json(signal.labels)},
                              {"summary", signal.annotations.get("summary")},
                              {"annotations", model::to_json(signal.annotations)},
                              {"value_bits", std::bit_cast<std::int64_t>(signal.value)},
                              {"active_at", base::to_millis(signal.active_at)},
                              {"joined_at", base::to_millis(signal.joined_at)}};
  put_time(json, "resolved_at", signal.resolved_at);
  return json;
}

void read_lists(model::PayloadReader& reader, Incident& incident) {
  for (const auto& element : reader.array("signals")) {
    static const boost::json::object kNone;
    model::PayloadReader part(element);
    Signal signal = read_signal(part, element.is_object() ? element.get_object() : kNone);
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
    const bool written = element.is_object() && element.get_object().contains("sequence");
    incident.timeline.push_back({written ? read_count(part, "sequence") : 0, part.time("time"),
                                 part.text("type"), part.text("actor"), part.text("text")});
    if (!part.intact()) {
      reader.fail();
    }
  }
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

std::string_view to_string(DataState state) {
  return kDataStateNames[static_cast<std::size_t>(state)].second;
}

DataState read_data_state(model::PayloadReader& reader) {
  const std::string text = reader.text("state");
  for (const auto& [state, name] : kDataStateNames) {
    if (name == text) {
      return state;
    }
  }
  reader.fail();
  return DataState::kHeld;
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

// Before annotations and values were kept there was the summary alone.
Signal read_signal(model::PayloadReader& reader, const boost::json::object& json) {
  Signal signal;
  signal.labels = reader.labels("labels");
  const std::string summary = reader.text("summary");
  if (json.contains("annotations")) {
    signal.annotations = reader.labels("annotations");
    signal.value = std::bit_cast<double>(reader.integer("value_bits"));
  } else if (!summary.empty()) {
    signal.annotations = model::Labels{{"summary", summary}};
  }
  signal.active_at = reader.time("active_at");
  return signal;
}

void read_identity(model::PayloadReader& reader, Incident& incident) {
  incident.number = read_count(reader, "number");
  incident.title = reader.text("title");
  incident.key = reader.text("key");
  incident.umbrella = reader.flag("umbrella");
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
    timeline.push_back(boost::json::object{{"sequence", static_cast<std::int64_t>(entry.sequence)},
                                           {"time", base::to_millis(entry.time)},
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
      {"umbrella", incident.umbrella},
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
      {"grown", base::to_millis(incident.grown)},
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
  incident.grown = reader.time("grown");
  incident.calm_from = reader.time("calm_from");
  read_lists(reader, incident);
  incident.lines_written = incident.timeline.size() + incident.timeline_dropped;
  if (!reader.intact() || !state || incident.number == 0) {
    return reader.malformed("incident");
  }
  return incident;
}

}  // namespace tocsin::incidents
