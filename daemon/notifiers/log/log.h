#pragma once

#include "notifiers/registry.h"

namespace tocsin::notifiers::log {

/// `log_configs` (extension): one line in the daemon's log per notice.
struct Config {
  bool send_resolved = true;
  /// A template; empty: status, receiver, group and number of alerts.
  std::string message;
};

class Log final : public Integration {
 public:
  explicit Log(Config config) : config_(std::move(config)) {}

  bool send_resolved() const override { return config_.send_resolved; }
  std::unique_ptr<Notifier> make(const Parts& parts) const override;

  /// The line for a notice, without line breaks.
  base::Result<std::string> render(const model::Notice& notice, const TextRenderer& renderer) const;

 private:
  Config config_;
};

Config decode(yaml::MappingReader& reader);
Backend backend();

}  // namespace tocsin::notifiers::log
