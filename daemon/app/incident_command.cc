#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>
#include <cstdio>

#include "app/cli.h"
#include "app/remote.h"

namespace tocsin::app {
namespace {

const boost::json::array* list_of(const boost::json::value& value, std::string_view key) {
  const auto* member = value.is_object() ? value.get_object().if_contains(key) : nullptr;
  return member != nullptr && member->is_array() ? &member->get_array() : nullptr;
}

// The answer's `data`, or nothing after the reason was printed.
std::optional<boost::json::value> fetch(const IncidentOptions& options, const std::string& path,
                                        const net::QueryParameters& parameters, int& exit_code) {
  const auto answer = get_json(options.server, path, parameters);
  if (!answer) {
    std::fprintf(stderr, "%s\n", answer.error().to_string().c_str());
    exit_code = 2;
    return std::nullopt;
  }
  if (const std::string error = error_text(*answer); !error.empty()) {
    std::fprintf(stderr, "%s\n", error.c_str());
    exit_code = 1;
    return std::nullopt;
  }
  if (const auto* warnings = list_of(*answer, "warnings")) {
    for (const auto& warning : *warnings) {
      std::fprintf(stderr, "warning: %s\n", boost::json::value_to<std::string>(warning).c_str());
    }
  }
  if (options.json) {
    std::printf("%s\n", boost::json::serialize(*answer).c_str());
    exit_code = 0;
    return std::nullopt;
  }
  const auto* data = answer->is_object() ? answer->get_object().if_contains("data") : nullptr;
  return data != nullptr ? *data : *answer;
}

std::string grade_text(const boost::json::value& incident) {
  return member_text(incident, "grade") +
         (member_text(incident, "provisional") == "true" ? " (provisional)" : "");
}

void print_alerts(const boost::json::value& incident) {
  const auto* alerts = list_of(incident, "alerts");
  if (alerts == nullptr || alerts->empty()) {
    return;
  }
  std::vector<std::vector<std::string>> rows = {{"ALERT", "STATE", "SINCE", "VALUE", "LABELS"}};
  for (const auto& alert : *alerts) {
    std::string name;
    std::string labels;
    const auto* members = alert.is_object() ? alert.get_object().if_contains("labels") : nullptr;
    if (members == nullptr || !members->is_object()) {
      continue;
    }
    for (const auto& [key, value] : members->get_object()) {
      const std::string text = member_text(*members, key);
      if (key == "alertname") {
        name = text;
      } else {
        labels += (labels.empty() ? "" : " ") + std::string(key) + "=" + text;
      }
    }
    rows.push_back({name, member_text(alert, "state"), member_text(alert, "activeAt"),
                    member_text(alert, "value"), labels});
  }
  std::printf("\nalerts\n");
  print_table(rows);
}

void print_timeline(const boost::json::value& incident) {
  if (const auto* facts = list_of(incident, "facts"); facts != nullptr && !facts->empty()) {
    std::printf("\nfacts\n");
    for (const auto& fact : *facts) {
      std::printf("  %s: %s (%s)\n", member_text(fact, "key").c_str(),
                  member_text(fact, "value").c_str(), member_text(fact, "status").c_str());
    }
  }
  if (const auto* timeline = list_of(incident, "timeline")) {
    std::printf("\ntimeline\n");
    for (const auto& entry : *timeline) {
      std::printf("  %s  %s\n", member_text(entry, "time").c_str(),
                  member_text(entry, "text").c_str());
    }
  }
}

}  // namespace

int list_incidents(const IncidentOptions& options) {
  net::QueryParameters parameters;
  for (const std::string& state : options.states) {
    parameters.emplace_back("state", state);
  }
  int exit_code = 0;
  const auto data = fetch(options, "/tocsin/v1/incidents", parameters, exit_code);
  if (!data) {
    return exit_code;
  }
  const auto* incidents = data->is_array() ? &data->get_array() : list_of(*data, "incidents");
  if (incidents == nullptr) {
    std::fprintf(stderr, "the answer has no incidents\n");
    return 2;
  }
  std::vector<std::vector<std::string>> rows = {
      {"ID", "STATE", "GRADE", "SERVICE", "DETECTED", "TITLE"}};
  for (const auto& incident : *incidents) {
    rows.push_back({member_text(incident, "id"), member_text(incident, "state"),
                    grade_text(incident), member_text(incident, "service"),
                    member_text(incident, "detectedAt"), member_text(incident, "title")});
  }
  print_table(rows);
  return 0;
}

int show_incident(const IncidentOptions& options) {
  int exit_code = 0;
  const auto data =
      fetch(options, "/tocsin/v1/incidents/" + net::percent_encode(options.id), {}, exit_code);
  if (!data) {
    return exit_code;
  }
  std::printf("%s  %s\n", member_text(*data, "id").c_str(), member_text(*data, "title").c_str());
  print_table({{"state", member_text(*data, "state")},
               {"grade", grade_text(*data)},
               {"service", member_text(*data, "service")},
               {"category", member_text(*data, "category")},
               {"occurred", member_text(*data, "occurredAt")},
               {"detected", member_text(*data, "detectedAt")},
               {"mitigated", member_text(*data, "mitigatedAt")},
               {"resolved", member_text(*data, "resolvedAt")}});
  print_alerts(*data);
  print_timeline(*data);
  return 0;
}

}  // namespace tocsin::app
