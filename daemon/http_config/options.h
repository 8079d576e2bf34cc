#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "base/secret.h"
#include "net/http.h"
#include "yaml/document.h"

namespace tocsin::http_config {

/// A header of the user's own, with values that may be secret.
struct ExtraHeader {
  std::string name;
  std::vector<base::Secret> values;
  std::vector<std::string> files;  ///< each holds one value

  friend bool operator==(const ExtraHeader&, const ExtraHeader&) = default;
};

/// Prometheus' HTTP client settings: how a request says who it is, and TLS.
struct HttpOptions {
  bool has_basic_auth = false;
  std::string username;
  base::Secret password;
  std::string username_file;
  std::string password_file;
  std::string auth_type = "Bearer";  ///< of the Authorization header
  base::Secret credentials;
  std::string credentials_file;
  bool has_authorization = false;
  net::TlsOptions tls;
  bool follow_redirects = true;
  std::vector<ExtraHeader> headers;
};

/// Where relative paths of a configuration begin, and how its files are looked at.
struct ConfigFiles {
  std::string folder;                       ///< of the configuration file
  const base::FileSystem* files = nullptr;  ///< null: files that it names are not looked at
};

/// Takes the keys of HTTP client settings out of `reader`: basic_auth, authorization,
/// bearer_token, bearer_token_file, tls_config, follow_redirects, http_headers; oauth2 and proxies
/// are not supported yet. Faults go to `problems`.
HttpOptions decode_http_options(yaml::MappingReader& reader, const ConfigFiles& config,
                                yaml::Problems& problems);

/// A `tls_config` mapping.
net::TlsOptions decode_tls(const yaml::Node& node, const ConfigFiles& config,
                           yaml::Problems& problems);

/// Sets TLS, redirects, the Authorization header (unless the request has one) and the user's own
/// headers. Secret files are read each time, so that a rotated credential counts from the next
/// request on. The error names the file. May block for the time of reading small files.
base::Status apply(const HttpOptions& options, const base::FileSystem& files,
                   net::HttpRequest& request);

/// What must not appear in logs and reasons, files included as they are now.
std::vector<base::Secret> secrets(const HttpOptions& options, const base::FileSystem& files);

}  // namespace tocsin::http_config
