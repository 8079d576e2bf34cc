#include "model/alert.h"

#include <bit>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/hash.h"

namespace tocsin::model {
namespace {

base::Error malformed(std::string_view what) {
  return {base::ErrorCode::kCorrupt, "malformed " + std::string(what) + " in a stored record"};
}

std::optional<base::WallTime> time_at(const boost::json::object& json, std::string_view key) {
  const auto* value = json.if_contains(key);
  if (value == nullptr || !value->is_int64()) {
    return std::nullopt;
  }
  return base::from_millis(value->get_int64());
}

}  // namespace

std::string_view to_string(AlertState state) {
  switch (state) {
    case AlertState::kInactive:
      return "inactive";
    case AlertState::kPending:
      return "pending";
    case AlertState::kFiring:
      return "firing";
  }
  return "unknown";
}

std::string Alert::fingerprint() const { return base::to_hex(labels.hash()); }

boost::json::object to_json(const Labels& labels) {
  boost::json::object json;
  for (const Label& label : labels) {
    json[label.name.view()] = label.value.view();
  }
  return json;
}

base::Result<Labels> labels_from_json(const boost::json::value& json) {
  if (!json.is_object()) {
    return malformed("label set");
  }
  std::vector<Label> labels;
  for (const auto& [name, value] : json.get_object()) {
    if (!value.is_string()) {
      return malformed("label value");
    }
    labels.push_back({Symbol(name), Symbol(std::string_view(value.get_string()))});
  }
  return Labels(std::move(labels));
}

boost::json::object to_json(const Alert& alert) {
  boost::json::object json;
  json["labels"] = to_json(alert.labels);
  json["annotations"] = to_json(alert.annotations);
  json["state"] = to_string(alert.state);
  // NaN and Inf have no JSON form, and a replay must give the very same bits.
  json["value_bits"] = std::bit_cast<std::int64_t>(alert.value);
  json["active_at"] = base::to_millis(alert.active_at);
  if (alert.fired_at) {
    json["fired_at"] = base::to_millis(*alert.fired_at);
  }
  if (alert.resolved_at) {
    json["resolved_at"] = base::to_millis(*alert.resolved_at);
  }
  json["generator_url"] = alert.generator_url;
  return json;
}

base::Result<Alert> alert_from_json(const boost::json::value& value) {
  if (!value.is_object()) {
    return malformed("alert");
  }
  const auto& json = value.get_object();
  Alert alert;
  for (const auto& [key, target] :
       {std::pair{"labels", &alert.labels}, std::pair{"annotations", &alert.annotations}}) {
    const auto* part = json.if_contains(key);
    auto labels = part != nullptr ? labels_from_json(*part) : malformed(key);
    if (!labels) {
      return labels.error();
    }
    *target = *std::move(labels);
  }
  const auto* state = json.if_contains("state");
  const auto* bits = json.if_contains("value_bits");
  const auto* url = json.if_contains("generator_url");
  const auto active_at = time_at(json, "active_at");
  if (state == nullptr || !state->is_string() || bits == nullptr || !bits->is_int64() ||
      url == nullptr || !url->is_string() || !active_at) {
    return malformed("alert");
  }
  const std::string_view name = state->get_string();
  alert.state = name == "firing"    ? AlertState::kFiring
                : name == "pending" ? AlertState::kPending
                                    : AlertState::kInactive;
  alert.value = std::bit_cast<double>(bits->get_int64());
  alert.active_at = *active_at;
  alert.fired_at = time_at(json, "fired_at");
  alert.resolved_at = time_at(json, "resolved_at");
  alert.generator_url = std::string(url->get_string());
  return alert;
}

}  // namespace tocsin::model
