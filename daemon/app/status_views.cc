// What the API shows of the daemon itself: settings, metadata, where alerts go.
#include <utility>

#include "app/config_redaction.h"
#include "app/views.h"
#include "base/duration.h"

namespace tocsin::app {

std::vector<api::TargetMetadata> DaemonViews::metadata() const { return parts_.feed.metadata(); }

api::RuntimeView DaemonViews::runtime() const { return parts_.runtime(); }

std::string DaemonViews::config() const { return redacted_config(parts_.config().text); }

std::map<std::string, std::string> DaemonViews::flags() const {
  const Config& config = parts_.config();
  const QueryConfig& query = config.query;
  return {
      {"config.file", config.file},
      {"query.lookback-delta", base::format_duration(query.lookback_delta)},
      {"query.max-concurrency", std::to_string(query.max_concurrency)},
      {"query.max-samples", std::to_string(query.max_samples)},
      {"query.timeout", base::format_duration(query.timeout)},
      {"storage.tsdb.retention.time", base::format_duration(parts_.store.retention())},
      {"web.cors.origin", config.web.cors_origin.value_or("")},
      {"web.external-url", config.web.external_url},
      {"web.listen-address", config.web.listen()},
  };
}

std::vector<std::string> DaemonViews::alertmanagers() const {
  std::vector<std::string> urls;
  for (const auto& group : parts_.config().alerting.alertmanagers) {
    for (const std::string& target : group.targets) {
      urls.push_back(group.url(target));
    }
  }
  return urls;
}

}  // namespace tocsin::app
