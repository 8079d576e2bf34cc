#pragma once

#include <string>
#include <vector>

#include "base/duration.h"
#include "notifiers/secrets.h"
#include "yaml/document.h"

namespace tocsin::notifiers::forward {

/// One entry of `alerting.alertmanagers`: Alertmanagers that are reached in the same way.
struct Alertmanagers {
  std::vector<std::string> targets;  ///< host:port; each gets every alert
  std::string scheme = "http";
  std::string path_prefix = "/";  ///< before /api/v2/alerts
  base::Duration timeout = std::chrono::seconds(10);
  http_config::HttpOptions http;

  /// Where one target takes alerts.
  std::string url(const std::string& target) const;
};

/// `alerting:` of prometheus.yml.
struct Config {
  std::vector<Alertmanagers> alertmanagers;
};

Config decode(const yaml::Node& node, const Files& files, yaml::Problems& problems);

}  // namespace tocsin::notifiers::forward
