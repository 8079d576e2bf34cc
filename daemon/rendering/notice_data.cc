#include "rendering/notice_data.h"

#include <algorithm>
#include <string>
#include <utility>

namespace tocsin::rendering {
namespace {

using templates::Function;
using templates::List;
using templates::Map;
using templates::Object;
using templates::Struct;
using templates::Time;
using templates::Value;

/// Go's zero time, the year 1: what an alert that has not ended shows as its end.
constexpr std::int64_t kZeroTimeMillis = -62'135'596'800'000;

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// A method without parameters, whose value is made when it is asked for.
template <class Make>
Function getter(Make make) {
  return [make = std::move(make)](const std::vector<Value>& arguments) -> base::Result<Value> {
    if (!arguments.empty()) {
      return base::Error(base::ErrorCode::kInvalidInput, "takes no arguments");
    }
    return Value(make());
  };
}

List names_of(const Pairs& pairs) {
  List names;
  for (const auto& [name, value] : pairs) {
    names.emplace_back(name);
  }
  return names;
}

List values_of(const Pairs& pairs) {
  List values;
  for (const auto& [name, value] : pairs) {
    values.emplace_back(value);
  }
  return values;
}

Object pairs_value(const Pairs& pairs) {
  List list;
  for (const auto& [name, value] : pairs) {
    list.emplace_back(Struct{"template.Pair", {{"Name", name}, {"Value", value}}});
  }
  Object object{"template.Pairs", std::move(list), {}};
  object.methods["Names"] = getter([pairs] { return names_of(pairs); });
  object.methods["Values"] = getter([pairs] { return values_of(pairs); });
  return object;
}

/// By name, but the alert's name first, as Alertmanager sorts them.
Pairs sorted(Pairs pairs) {
  std::sort(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) {
    const bool a_first = a.first == model::kAlertName;
    const bool b_first = b.first == model::kAlertName;
    return a_first != b_first ? a_first : a.first < b.first;
  });
  return pairs;
}

Object key_values(const Pairs& pairs);

Function remover(const Pairs& pairs) {
  return [pairs](const std::vector<Value>& arguments) -> base::Result<Value> {
    const List* keys = arguments.size() == 1 ? arguments[0].as<List>() : nullptr;
    if (keys == nullptr) {
      return base::Error(base::ErrorCode::kInvalidInput, "takes a list of names");
    }
    Pairs rest = pairs;
    std::erase_if(rest, [keys](const auto& pair) {
      return std::any_of(keys->begin(), keys->end(), [&pair](const Value& key) {
        const auto* name = key.as<std::string>();
        return name != nullptr && *name == pair.first;
      });
    });
    return Value(key_values(rest));
  };
}

Object key_values(const Pairs& pairs) {
  Map map;
  for (const auto& [name, value] : pairs) {
    map.emplace(name, value);
  }
  Object object{"template.KV", std::move(map), {}};
  object.methods["SortedPairs"] = getter([pairs] { return pairs_value(sorted(pairs)); });
  object.methods["Names"] = getter([pairs] { return names_of(sorted(pairs)); });
  object.methods["Values"] = getter([pairs] { return values_of(sorted(pairs)); });
  object.methods["Remove"] = remover(pairs);
  return object;
}

Object key_values(const model::Labels& labels) {
  Pairs pairs;
  for (const model::Label& label : labels) {
    pairs.emplace_back(label.name.view(), label.value.view());
  }
  return key_values(pairs);
}

Value alert_value(const model::Alert& alert) {
  const base::WallTime end = alert.resolved_at.value_or(base::from_millis(kZeroTimeMillis));
  return Struct{"template.Alert",
                {{"Status", alert.resolved() ? "resolved" : "firing"},
                 {"Labels", key_values(alert.labels)},
                 {"Annotations", key_values(alert.annotations)},
                 {"StartsAt", Time{alert.fired_at.value_or(alert.active_at)}},
                 {"EndsAt", Time{end}},
                 {"GeneratorURL", alert.generator_url},
                 {"Fingerprint", alert.fingerprint()},
                 {"Value", alert.value}}};
}

Object alerts_value(const std::vector<model::Alert>& alerts) {
  List all;
  List firing;
  List resolved;
  for (const model::Alert& alert : alerts) {
    Value value = alert_value(alert);
    (alert.resolved() ? resolved : firing).push_back(value);
    all.push_back(std::move(value));
  }
  Object object{"template.Alerts", std::move(all), {}};
  object.methods["Firing"] = getter([list = Value(std::move(firing))] { return list; });
  object.methods["Resolved"] = getter([list = Value(std::move(resolved))] { return list; });
  return object;
}

List incidents_value(const std::vector<model::IncidentBrief>& incidents) {
  List list;
  for (const model::IncidentBrief& incident : incidents) {
    list.emplace_back(Struct{"Incident",
                             {{"ID", incident.id},
                              {"Title", incident.title},
                              {"State", incident.state},
                              {"Grade", incident.grade},
                              {"Provisional", incident.provisional},
                              {"Service", incident.service},
                              {"Category", incident.category},
                              {"DetectedAt", Time{incident.detected_at}}}});
  }
  return list;
}

}  // namespace

templates::Value notice_value(const model::Notice& notice) {
  return Struct{"Data",
                {{"Receiver", notice.receiver},
                 {"Status", notice.resolved ? "resolved" : "firing"},
                 {"Alerts", alerts_value(notice.alerts)},
                 {"GroupLabels", key_values(notice.group_labels)},
                 {"CommonLabels", key_values(notice.common_labels)},
                 {"CommonAnnotations", key_values(notice.common_annotations)},
                 {"ExternalURL", notice.external_url},
                 {"GroupKey", notice.group_key},
                 {"TruncatedAlerts", static_cast<std::int64_t>(notice.truncated_alerts)},
                 {"Incidents", incidents_value(notice.incidents)}}};
}

}  // namespace tocsin::rendering
