#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "base/secret.h"
#include "net/http.h"
#include "yaml/document.h"

namespace tocsin::notifiers {

/// Where decoding finds the files that a configuration names.
struct Files {
  const base::FileSystem& system;
  std::string folder;  ///< of the configuration file; relative paths start here
};

/// The secret under `key`, or the trimmed content of the file under `<key>_file`. Reports both
/// being there and files that cannot be read; empty when neither is there.
base::Secret read_secret(yaml::MappingReader& reader, std::string_view key, const Files& files);

/// A `tls_config` mapping.
net::TlsOptions decode_tls(const yaml::Node& node, const Files& files, yaml::Problems& problems);

/// How an HTTP notifier connects: Alertmanager's `http_config`, the parts that exist here.
struct HttpOptions {
  std::string auth_type;     ///< such as "Bearer"; empty: no Authorization header
  base::Secret credentials;  ///< what follows the type
  std::string user_name;     ///< basic auth, when not empty
  base::Secret password;     ///< of basic auth
  net::TlsOptions tls;
  bool follow_redirects = true;

  /// Sets TLS, redirects and Authorization.
  void apply(net::HttpRequest& request) const;
  std::vector<base::Secret> secrets() const { return {credentials, password}; }
};

/// The keys authorization, basic_auth, bearer_token, tls_config, follow_redirects of a mapping that
/// holds others too; what is not supported yet is reported.
HttpOptions decode_http_keys(yaml::MappingReader& reader, const Files& files,
                             yaml::Problems& problems);

/// The mapping under `http_config`, where there is one.
std::optional<HttpOptions> take_http_config(yaml::MappingReader& reader, const Files& files,
                                            yaml::Problems& problems);

/// Reports a URL that is not absolute http or https; "key: …".
void check_url(yaml::MappingReader& reader, std::string_view key, std::string_view url);

}  // namespace tocsin::notifiers
