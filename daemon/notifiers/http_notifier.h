#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/duration.h"
#include "base/secret.h"
#include "http_config/options.h"
#include "net/http.h"
#include "notifiers/integration.h"

namespace tocsin::notifiers {

/// An integration that speaks HTTP: two pure functions and a few facts; HttpNotifier does the rest.
class HttpIntegration : public Integration {
 public:
  /// The request for a notice, without what all share. An error means that no repetition helps.
  virtual base::Result<net::HttpRequest> render(const model::Notice& notice,
                                                const TextRenderer& renderer) const = 0;
  /// What an answer means.
  virtual Outcome classify(const net::HttpResponse& response, base::WallTime now) const = 0;

  /// The longest that one try may take; 0: Parts::delivery_timeout.
  virtual base::Duration timeout() const { return {}; }
  /// How to connect, and who asks.
  virtual const http_config::HttpOptions& http() const = 0;
  /// What must not appear in reasons, besides the secrets of http().
  virtual std::vector<base::Secret> secrets() const = 0;

  std::unique_ptr<Notifier> make(const Parts& parts) const override;
};

/// One with a decoded `Config`, which has at least `bool send_resolved`, `base::Duration timeout`
/// and `http_config::HttpOptions http`.
template <typename Config>
class ConfiguredHttpIntegration : public HttpIntegration {
 public:
  explicit ConfiguredHttpIntegration(Config config) : config_(std::move(config)) {}

  bool send_resolved() const final { return config_.send_resolved; }
  base::Duration timeout() const final { return config_.timeout; }
  const http_config::HttpOptions& http() const final { return config_.http; }
  const Config& config() const { return config_; }

 private:
  Config config_;
};

}  // namespace tocsin::notifiers
