#pragma once

#include <cstdint>

#include "notifiers/http_notifier.h"
#include "notifiers/registry.h"
#include "notifiers/secrets.h"

namespace tocsin::notifiers::webhook {

/// `webhook_configs`: POSTs Alertmanager's JSON, version 4.
struct Config {
  bool send_resolved = true;
  base::Secret url;               ///< `url` or `url_file`; may hold a token
  std::uint64_t max_alerts = 0;   ///< per request; 0: all
  base::Duration timeout{0};      ///< of one request; 0: Parts::delivery_timeout
  http_config::HttpOptions http;  ///< `http_config`, else the global one
};

class Webhook final : public ConfiguredHttpIntegration<Config> {
 public:
  using ConfiguredHttpIntegration::ConfiguredHttpIntegration;

  base::Result<net::HttpRequest> render(const model::Notice& notice,
                                        const TextRenderer& renderer) const override;
  Outcome classify(const net::HttpResponse& response, base::WallTime now) const override;
  std::vector<base::Secret> secrets() const override;
};

Config decode(yaml::MappingReader& reader, DecodeContext& context);
Backend backend();

}  // namespace tocsin::notifiers::webhook
