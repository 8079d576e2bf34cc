#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/alert.h"
#include "model/labels.h"

namespace tocsin::model {

/// What a notice says of an incident that its alerts belong to.
struct IncidentBrief {
  std::string id;  ///< "INC-142"
  std::string title;
  std::string state;  ///< "open", "mitigated", "resolved", …
  int grade = 0;      ///< 1 (worst) to 5
  bool provisional = true;
  std::string service;
  std::string category;  ///< system, business, integration
  base::WallTime detected_at;

  friend bool operator==(const IncidentBrief&, const IncidentBrief&) = default;
};

/// One thing to tell to one integration of one receiver: an alert group as Alertmanager would
/// send it, with the incidents that its alerts belong to. Complete: rendering needs nothing else.
struct Notice {
  std::string id;           ///< idempotency key, stable over retries and restarts
  std::string receiver;     ///< name of the receiver
  std::string integration;  ///< such as "slack[0]": kind and index within the receiver
  std::string group_key;    ///< as Alertmanager writes it: {}:{alertname="X"}
  bool resolved = false;    ///< true when every alert in it is resolved
  Labels group_labels;
  Labels common_labels;
  Labels common_annotations;
  std::vector<Alert> alerts;
  std::uint64_t truncated_alerts = 0;
  std::vector<IncidentBrief> incidents;
  std::string external_url;
  base::WallTime created_at;
  /// Monotonic arrival of the newest sample behind it; for the detection latency, not journalled.
  std::optional<base::MonotonicTime> sample_arrival;
};

boost::json::object to_json(const IncidentBrief& incident);
base::Result<IncidentBrief> incident_brief_from_json(const boost::json::value& json);
boost::json::object to_json(const Notice& notice);
base::Result<Notice> notice_from_json(const boost::json::value& json);

}  // namespace tocsin::model
