#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "http_config/options.h"
#include "yaml/document.h"

namespace tocsin::app {

/// A credential of the HTTP API, from a file.
struct Credential {
  std::string name;  ///< of the token, for the log; or the user
  std::string file;  ///< holds the token or password; read again on reload
  base::Position position;
};

/// The section `web:`.
struct WebConfig {
  std::string host = "127.0.0.1";
  std::uint16_t port = 9746;
  std::string external_url;  ///< links in notices start with it; default: the listener's own URL
  std::string cert_file;     ///< PEM; the listener speaks TLS when set
  std::string key_file;
  /// Whether /api/v1/write takes samples; Prometheus' --web.enable-remote-write-receiver.
  bool remote_write_receiver = false;
  /// Whose pages may read /api/v1 in a browser: a regular expression over the whole origin. Absent:
  /// everybody's where credentials are needed (a page does not have them), else nobody's.
  std::optional<std::string> cors_origin;
  std::vector<Credential> bearer_tokens;
  std::vector<Credential> basic_auth_users;

  std::string listen() const { return host + ":" + std::to_string(port); }
};

/// Reads "ADDRESS:PORT" into the section.
base::Status set_listen(std::string_view listen, WebConfig& web);

/// Decodes the section strictly and looks at the files that it names.
WebConfig decode_web(const yaml::Node& node, const http_config::ConfigFiles& where,
                     yaml::Problems& problems);

}  // namespace tocsin::app
