#include "model/notice.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "model/payload.h"

namespace tocsin::model {
namespace {

template <class T>
std::vector<T> read_list(PayloadReader& reader, std::string_view key,
                         base::Result<T> (*read)(const boost::json::value&)) {
  std::vector<T> items;
  for (const auto& element : reader.array(key)) {
    auto item = read(element);
    if (!item) {
      reader.fail();
      return items;
    }
    items.push_back(*std::move(item));
  }
  return items;
}

}  // namespace

boost::json::object to_json(const IncidentBrief& incident) {
  return {{"id", incident.id},
          {"title", incident.title},
          {"state", incident.state},
          {"grade", incident.grade},
          {"provisional", incident.provisional},
          {"service", incident.service},
          {"category", incident.category},
          {"detected_at", base::to_millis(incident.detected_at)}};
}

base::Result<IncidentBrief> incident_brief_from_json(const boost::json::value& json) {
  PayloadReader reader(json);
  IncidentBrief incident;
  incident.id = reader.text("id");
  incident.title = reader.text("title");
  incident.state = reader.text("state");
  incident.grade = static_cast<int>(reader.integer("grade"));
  incident.provisional = reader.flag("provisional");
  incident.service = reader.text("service");
  incident.category = reader.text("category");
  incident.detected_at = reader.time("detected_at");
  if (!reader.intact()) {
    return PayloadReader::malformed("incident");
  }
  return incident;
}

boost::json::object to_json(const Notice& notice) {
  boost::json::array alerts;
  for (const Alert& alert : notice.alerts) {
    alerts.push_back(to_json(alert));
  }
  boost::json::array incidents;
  for (const IncidentBrief& incident : notice.incidents) {
    incidents.push_back(to_json(incident));
  }
  return {{"id", notice.id},
          {"receiver", notice.receiver},
          {"integration", notice.integration},
          {"group_key", notice.group_key},
          {"resolved", notice.resolved},
          {"group_labels", to_json(notice.group_labels)},
          {"common_labels", to_json(notice.common_labels)},
          {"common_annotations", to_json(notice.common_annotations)},
          {"alerts", std::move(alerts)},
          {"truncated_alerts", static_cast<std::int64_t>(notice.truncated_alerts)},
          {"incidents", std::move(incidents)},
          {"external_url", notice.external_url},
          {"created_at", base::to_millis(notice.created_at)}};
}

base::Result<Notice> notice_from_json(const boost::json::value& json) {
  PayloadReader reader(json);
  Notice notice;
  notice.id = reader.text("id");
  notice.receiver = reader.text("receiver");
  notice.integration = reader.text("integration");
  notice.group_key = reader.text("group_key");
  notice.resolved = reader.flag("resolved");
  notice.group_labels = reader.labels("group_labels");
  notice.common_labels = reader.labels("common_labels");
  notice.common_annotations = reader.labels("common_annotations");
  notice.alerts = read_list<Alert>(reader, "alerts", alert_from_json);
  notice.truncated_alerts = static_cast<std::uint64_t>(reader.integer("truncated_alerts"));
  notice.incidents = read_list<IncidentBrief>(reader, "incidents", incident_brief_from_json);
  notice.external_url = reader.text("external_url");
  notice.created_at = reader.time("created_at");
  if (!reader.intact()) {
    return PayloadReader::malformed("notice");
  }
  return notice;
}

}  // namespace tocsin::model
