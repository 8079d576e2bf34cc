#pragma once

#include <string>
#include <vector>

#include "base/duration.h"
#include "base/secret.h"
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

  /// The longest that one try may take; 0: as long as the caller allows.
  virtual base::Duration timeout() const { return {}; }
  /// What must not appear in reasons.
  virtual std::vector<base::Secret> secrets() const = 0;

  std::unique_ptr<Notifier> make(const Parts& parts) const override;
};

}  // namespace tocsin::notifiers
