#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "model/labels.h"

namespace tocsin::model {

enum class AlertState : std::uint8_t { kInactive, kPending, kFiring };

/// "inactive", "pending", "firing": the words of Prometheus' API.
std::string_view to_string(AlertState state);

/// One alert as rules hand it to incidents, routing and the API.
struct Alert {
  Labels labels;       ///< with alertname, after templating; identity
  Labels annotations;  ///< summary, description, impact, runbook_url …, after templating
  AlertState state = AlertState::kInactive;
  double value = 0;                           ///< of the expression at the last evaluation
  base::WallTime active_at;                   ///< when the expression first became true
  std::optional<base::WallTime> fired_at;     ///< when `for` had elapsed
  std::optional<base::WallTime> resolved_at;  ///< when it stopped firing
  std::string generator_url;                  ///< link to the expression
  /// Monotonic arrival of the sample that led here, for the detection latency; not journalled.
  std::optional<base::MonotonicTime> sample_arrival;

  /// Alertmanager's fingerprint: sixteen hexadecimal digits of the labels' hash.
  std::string fingerprint() const;
  bool resolved() const { return resolved_at.has_value(); }
};

/// What happened to an alert in one evaluation. `pending` and `gone` are quiet.
enum class AlertTransition : std::uint8_t { kPending, kFired, kUpdated, kResolved, kGone };

struct AlertChange {
  AlertTransition transition;
  Alert alert;
};

boost::json::object to_json(const Labels& labels);
base::Result<Labels> labels_from_json(const boost::json::value& json);
boost::json::object to_json(const Alert& alert);
base::Result<Alert> alert_from_json(const boost::json::value& json);

}  // namespace tocsin::model
