#pragma once

#include <string>
#include <utility>
#include <vector>

#include "notifiers/email/smtp.h"
#include "notifiers/registry.h"

namespace tocsin::notifiers::email {

/// `email_configs`: one mail per notice through a relay. What is missing here comes from the
/// `smtp_*` keys of `global`.
struct Config {
  bool send_resolved = false;
  std::string to;    ///< a template that gives a list of addresses
  std::string from;  ///< a template
  std::vector<std::pair<std::string, std::string>> headers;  ///< templates; Subject is among them
  std::string html = R"({{ template "email.default.html" . }})";
  std::string text;   ///< with `html` too both are sent as alternatives
  SmtpRequest relay;  ///< all but sender, recipients and data
};

class Email final : public Integration {
 public:
  explicit Email(Config config) : config_(std::move(config)) {}

  bool send_resolved() const override { return config_.send_resolved; }
  std::unique_ptr<Notifier> make(const Parts& parts) const override;

  /// The mail for a notice. Its Message-ID follows from the notice's id, so that readers and
  /// relays see repetitions as one mail.
  base::Result<SmtpRequest> render(const model::Notice& notice, const TextRenderer& renderer,
                                   const std::string& host_name, base::WallTime now) const;
  Outcome classify(const SmtpReply& reply) const;
  std::vector<base::Secret> secrets() const { return {config_.relay.password}; }

  const Config& config() const { return config_; }

 private:
  Config config_;
};

Config decode(yaml::MappingReader& reader, DecodeContext& context);
Backend backend();

}  // namespace tocsin::notifiers::email
