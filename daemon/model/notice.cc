#include "model/notice.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace tocsin::model {
namespace {

base::Error malformed(std::string_view what) {
  return {base::ErrorCode::kCorrupt, "malformed " + std::string(what) + " in a stored record"};
}

// Reads the members of one stored object and remembers whether any was missing or of another type.
class Reader {
 public:
  explicit Reader(const boost::json::value& json)
      : object_(json.is_object() ? &json.get_object() : nullptr), intact_(object_ != nullptr) {}

  std::string text(std::string_view key) {
    const auto* value = member(key);
    if (value == nullptr || !value->is_string()) {
      intact_ = false;
      return {};
    }
    return std::string(std::string_view(value->get_string()));
  }

  std::int64_t integer(std::string_view key) {
    const auto* value = member(key);
    if (value == nullptr || !value->is_int64()) {
      intact_ = false;
      return 0;
    }
    return value->get_int64();
  }

  bool flag(std::string_view key) {
    const auto* value = member(key);
    if (value == nullptr || !value->is_bool()) {
      intact_ = false;
      return false;
    }
    return value->get_bool();
  }

  Labels labels(std::string_view key) {
    const auto* value = member(key);
    auto labels = value != nullptr ? labels_from_json(*value) : malformed(key);
    if (!labels) {
      intact_ = false;
      return {};
    }
    return *std::move(labels);
  }

  template <class T>
  std::vector<T> list(std::string_view key, base::Result<T> (*read)(const boost::json::value&)) {
    std::vector<T> items;
    const auto* value = member(key);
    if (value == nullptr || !value->is_array()) {
      intact_ = false;
      return items;
    }
    for (const auto& element : value->get_array()) {
      auto item = read(element);
      if (!item) {
        intact_ = false;
        return items;
      }
      items.push_back(*std::move(item));
    }
    return items;
  }

  bool intact() const { return intact_; }

 private:
  const boost::json::value* member(std::string_view key) const {
    return object_ != nullptr ? object_->if_contains(key) : nullptr;
  }

  const boost::json::object* object_;
  bool intact_;
};

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
  Reader reader(json);
  IncidentBrief incident;
  incident.id = reader.text("id");
  incident.title = reader.text("title");
  incident.state = reader.text("state");
  incident.grade = static_cast<int>(reader.integer("grade"));
  incident.provisional = reader.flag("provisional");
  incident.service = reader.text("service");
  incident.category = reader.text("category");
  incident.detected_at = base::from_millis(reader.integer("detected_at"));
  if (!reader.intact()) {
    return malformed("incident");
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
  Reader reader(json);
  Notice notice;
  notice.id = reader.text("id");
  notice.receiver = reader.text("receiver");
  notice.integration = reader.text("integration");
  notice.group_key = reader.text("group_key");
  notice.resolved = reader.flag("resolved");
  notice.group_labels = reader.labels("group_labels");
  notice.common_labels = reader.labels("common_labels");
  notice.common_annotations = reader.labels("common_annotations");
  notice.alerts = reader.list<Alert>("alerts", alert_from_json);
  notice.truncated_alerts = static_cast<std::uint64_t>(reader.integer("truncated_alerts"));
  notice.incidents = reader.list<IncidentBrief>("incidents", incident_brief_from_json);
  notice.external_url = reader.text("external_url");
  notice.created_at = base::from_millis(reader.integer("created_at"));
  if (!reader.intact()) {
    return malformed("notice");
  }
  return notice;
}

}  // namespace tocsin::model
