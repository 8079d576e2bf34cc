#include "notifiers/notice_body.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <string_view>
#include <utility>

#include "base/rfc3339.h"

namespace tocsin::notifiers {
namespace {

/// Label sets are sorted by name, as Go prints maps.
boost::json::object labels_body(const model::Labels& labels) {
  boost::json::object body;
  for (const model::Label& label : labels) {
    body[label.name.view()] = label.value.view();
  }
  return body;
}

boost::json::object alert_body(const model::Alert& alert) {
  boost::json::object body;
  body["status"] = alert.resolved() ? "resolved" : "firing";
  body["labels"] = labels_body(alert.labels);
  body["annotations"] = labels_body(alert.annotations);
  body["startsAt"] = base::format_rfc3339(alert.fired_at.value_or(alert.active_at));
  body["endsAt"] = alert.resolved() ? boost::json::value(base::format_rfc3339(*alert.resolved_at))
                                    : boost::json::value(base::kGoZeroTime);
  body["generatorURL"] = alert.generator_url;
  body["fingerprint"] = alert.fingerprint();
  return body;
}

boost::json::object incident_body(const model::IncidentBrief& incident) {
  boost::json::object body;
  body["id"] = incident.id;
  body["title"] = incident.title;
  body["state"] = incident.state;
  body["grade"] = incident.grade;
  body["provisional"] = incident.provisional;
  body["service"] = incident.service;
  body["category"] = incident.category;
  body["detectedAt"] = base::format_rfc3339(incident.detected_at);
  return body;
}

}  // namespace

boost::json::object webhook_body(const model::Notice& notice, std::uint64_t max_alerts) {
  const std::size_t count = notice.alerts.size();
  const std::size_t shown = max_alerts == 0 ? count : std::min<std::size_t>(count, max_alerts);
  boost::json::array alerts;
  for (std::size_t i = 0; i < shown; ++i) {
    alerts.push_back(alert_body(notice.alerts[i]));
  }
  boost::json::object body;
  body["receiver"] = notice.receiver;
  body["status"] = notice.resolved ? "resolved" : "firing";
  body["alerts"] = std::move(alerts);
  body["groupLabels"] = labels_body(notice.group_labels);
  body["commonLabels"] = labels_body(notice.common_labels);
  body["commonAnnotations"] = labels_body(notice.common_annotations);
  body["externalURL"] = notice.external_url;
  body["version"] = "4";
  body["groupKey"] = notice.group_key;
  body["truncatedAlerts"] = notice.truncated_alerts + (count - shown);
  return body;
}

boost::json::object program_body(const model::Notice& notice) {
  boost::json::object body = webhook_body(notice, 0);
  boost::json::array incidents;
  for (const model::IncidentBrief& incident : notice.incidents) {
    incidents.push_back(incident_body(incident));
  }
  body["tocsin"] = {
      {"id", notice.id}, {"integration", notice.integration}, {"incidents", std::move(incidents)}};
  return body;
}

}  // namespace tocsin::notifiers
