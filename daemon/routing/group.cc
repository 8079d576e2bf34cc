#include "routing/group.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "base/text.h"
#include "model/payload.h"

namespace tocsin::routing {
namespace {

Told read_told(model::PayloadReader& reader) {
  Told told;
  told.at = reader.time("at");
  told.refused = reader.optional_flag("refused").value_or(false);
  for (const auto& element : reader.array("firing")) {
    const auto fingerprint = element.is_string()
                                 ? base::parse_hex(std::string_view(element.get_string()))
                                 : std::nullopt;
    if (!fingerprint) {
      reader.fail();
      break;
    }
    told.firing.insert(*fingerprint);
  }
  return told;
}

}  // namespace

bool Group::has_firing() const {
  return std::ranges::any_of(alerts, [](const auto& entry) { return !entry.second.resolved(); });
}

model::Labels group_labels(const Route& route, const model::Labels& labels) {
  if (route.group_by_all) {
    return labels;
  }
  model::LabelsBuilder builder(labels);
  builder.keep(route.group_by);
  return builder.build();
}

std::string group_key(const model::Labels& group_labels) {
  std::string key = "{}:{";
  for (const model::Label& label : group_labels) {
    if (key.back() != '{') {
      key += ", ";
    }
    key += label.name.view();
    key += '=';
    key += base::quote(label.value.view());
  }
  return key + "}";
}

boost::json::object to_json(const Group& group) {
  boost::json::array alerts;
  for (const auto& [fingerprint, alert] : group.alerts) {
    alerts.push_back(model::to_json(alert));
  }
  boost::json::array told;
  for (const auto& [integration, entry] : group.told) {
    boost::json::array firing;
    for (const std::uint64_t fingerprint : entry.firing) {
      firing.push_back(boost::json::value(base::to_hex(fingerprint)));
    }
    boost::json::object part = {{"integration", integration},
                                {"firing", std::move(firing)},
                                {"at", base::to_millis(entry.at)}};
    if (entry.refused) {
      part["refused"] = true;
    }
    told.push_back(std::move(part));
  }
  boost::json::object json = {{"labels", model::to_json(group.labels)},
                              {"alerts", std::move(alerts)},
                              {"told", std::move(told)},
                              {"created", base::to_millis(group.created)},
                              {"flushes", static_cast<std::int64_t>(group.flushes)}};
  if (group.flushed) {
    json["flushed"] = base::to_millis(*group.flushed);
  }
  if (group.changed) {
    json["changed"] = base::to_millis(*group.changed);
  }
  return json;
}

base::Result<Group> group_from_json(const boost::json::value& json) {
  model::PayloadReader reader(json);
  Group group;
  group.labels = reader.labels("labels");
  group.created = reader.time("created");
  group.flushed = reader.optional_time("flushed");
  group.changed = reader.optional_time("changed");
  const std::int64_t flushes = reader.integer("flushes");
  group.flushes = static_cast<std::uint64_t>(flushes);
  for (const auto& element : reader.array("alerts")) {
    auto alert = model::alert_from_json(element);
    if (!alert) {
      return alert.error();
    }
    const std::uint64_t fingerprint = alert->labels.hash();
    group.alerts[fingerprint] = *std::move(alert);
  }
  for (const auto& element : reader.array("told")) {
    model::PayloadReader part(element);
    const std::string integration = part.text("integration");
    group.told[integration] = read_told(part);
    if (!part.intact()) {
      reader.fail();
    }
  }
  if (!reader.intact() || flushes < 0 || group.alerts.empty()) {
    return reader.malformed("alert group");
  }
  return group;
}

}  // namespace tocsin::routing
