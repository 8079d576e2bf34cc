#pragma once

#include <string>

#include "base/duration.h"
#include "base/secret.h"
#include "notifiers/secrets.h"
#include "yaml/document.h"

namespace tocsin::notifiers {

/// Alertmanager's keys of `global:`: defaults for receivers.
struct GlobalConfig {
  /// After this long without news an alert from outside counts as resolved.
  base::Duration resolve_timeout = std::chrono::minutes(5);
  http_config::HttpOptions http;  ///< `http_config`, for receivers without their own

  base::Secret slack_api_url;    ///< incoming webhook; it holds the token
  base::Secret slack_app_token;  ///< bot token for chat.postMessage
  std::string slack_app_url = "https://slack.com/api/chat.postMessage";

  std::string smtp_from;
  std::string smtp_hello = "localhost";  ///< what the client calls itself
  std::string smtp_smarthost;            ///< host:port
  std::string smtp_auth_username;        ///< empty: no authentication
  base::Secret smtp_auth_password;
  base::Secret smtp_auth_secret;  ///< for CRAM-MD5
  std::string smtp_auth_identity;
  bool smtp_require_tls = true;  ///< STARTTLS or no mail
  bool smtp_force_implicit_tls = false;
  net::TlsOptions smtp_tls;
};

/// Takes Alertmanager's keys out of `global:`, which holds Prometheus' too; the caller finishes the
/// reader.
GlobalConfig decode_global(yaml::MappingReader& reader, const Files& files,
                           yaml::Problems& problems);

}  // namespace tocsin::notifiers
