#pragma once

#include <boost/json/object.hpp>
#include <cstdint>

#include "model/notice.h"

namespace tocsin::notifiers {

/// The body of Alertmanager's webhook, version "4", keys in its order. With `max_alerts` above 0
/// only the first so many alerts are listed and the rest is counted.
/// https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
boost::json::object webhook_body(const model::Notice& notice, std::uint64_t max_alerts);

/// The same with "tocsin": {"id", "integration", "incidents"} beside it: what programs and plugins
/// are given.
boost::json::object program_body(const model::Notice& notice);

}  // namespace tocsin::notifiers
