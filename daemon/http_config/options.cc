#include "http_config/options.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "net/base64.h"

namespace tocsin::http_config {

namespace {

constexpr std::size_t kMaxSecretBytes = 1U << 20;

// What the client sets itself; http_headers may not change it.
constexpr std::array<std::string_view, 15> kReservedHeaders = {
    "authorization",
    "host",
    "content-encoding",
    "content-length",
    "content-type",
    "user-agent",
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "www-authenticate",
    "accept-encoding",
    "x-prometheus-remote-write-version",
    "x-prometheus-remote-read-version",
    "x-prometheus-scrape-timeout-seconds"};

base::Status check_file(const std::string& path, const ConfigFiles& config) {
  if (config.files == nullptr) {
    return {};
  }
  const auto content = config.files->read_file(path, kMaxSecretBytes);
  return content ? base::Status{} : base::Error(content.error()).context("cannot read the file");
}

/// A path below the configuration's folder; a file that cannot be read is reported.
std::string file_path(yaml::MappingReader& reader, std::string_view key,
                      const ConfigFiles& config) {
  const auto written = reader.text(key);
  if (!written || written->empty()) {
    return {};
  }
  std::string path = base::resolve_path(config.folder, *written);
  if (const base::Status readable = check_file(path, config); !readable) {
    reader.problem(key, readable.error().message());
  }
  return path;
}

void decode_basic_auth(const yaml::Node& node, const ConfigFiles& config, HttpOptions& options,
                       yaml::Problems& problems) {
  yaml::MappingReader reader(node, "basic_auth", problems);
  options.has_basic_auth = true;
  options.username = reader.text("username").value_or("");
  options.username_file = file_path(reader, "username_file", config);
  options.password = reader.secret("password").value_or(base::Secret());
  options.password_file = file_path(reader, "password_file", config);
  reader.unsupported({"username_ref", "password_ref"});
  if (!options.password.empty() && !options.password_file.empty()) {
    reader.problem("password_file", "expected at most one of password and password_file");
  }
  if (!options.username.empty() && !options.username_file.empty()) {
    reader.problem("username_file", "expected at most one of username and username_file");
  }
  reader.finish();
}

void decode_authorization(const yaml::Node& node, const ConfigFiles& config, HttpOptions& options,
                          yaml::Problems& problems) {
  yaml::MappingReader reader(node, "authorization", problems);
  options.has_authorization = true;
  options.auth_type = reader.text("type").value_or("Bearer");
  options.credentials = reader.secret("credentials").value_or(base::Secret());
  options.credentials_file = file_path(reader, "credentials_file", config);
  reader.unsupported({"credentials_ref"});
  if (base::to_lower(options.auth_type) == "basic") {
    reader.problem("type", "basic authentication is configured by basic_auth");
  }
  if (!options.credentials.empty() && !options.credentials_file.empty()) {
    reader.problem("credentials_file", "expected at most one of credentials and credentials_file");
  }
  reader.finish();
}

ExtraHeader decode_header(const std::string& name, const yaml::Node& node,
                          const ConfigFiles& config, yaml::Problems& problems) {
  ExtraHeader header;
  header.name = name;
  yaml::MappingReader reader(node, "http_headers." + name, problems);
  for (const char* key : {"values", "secrets"}) {
    for (const std::string& value : reader.texts(key)) {
      header.values.emplace_back(value);
    }
  }
  for (const yaml::Node* file : reader.items("files")) {
    if (file->kind() != yaml::NodeKind::kScalar) {
      problems.add(*file, "files: expected a list of paths, found " + yaml::describe(*file));
      continue;
    }
    header.files.push_back(base::resolve_path(config.folder, file->text()));
    if (const base::Status readable = check_file(header.files.back(), config); !readable) {
      problems.add(*file, "files: " + readable.error().message());
    }
  }
  reader.finish();
  if (std::ranges::find(kReservedHeaders, base::to_lower(name)) != kReservedHeaders.end()) {
    problems.add(node, "http_headers: " + base::quote(name) + " is set by the client itself");
  }
  return header;
}

void decode_headers(yaml::MappingReader& reader, const ConfigFiles& config, HttpOptions& options,
                    yaml::Problems& problems) {
  const yaml::Node* node = reader.take("http_headers");
  if (node == nullptr || node->is_null()) {
    return;
  }
  if (node->kind() != yaml::NodeKind::kMapping) {
    reader.problem("http_headers", "expected a mapping of names to values, secrets or files");
    return;
  }
  for (const auto& [name, value] : node->entries()) {
    options.headers.push_back(decode_header(name.text(), value, config, problems));
  }
}

base::Result<std::string> secret_of(const base::Secret& text, const std::string& path,
                                    const base::FileSystem& files) {
  if (path.empty()) {
    return text.reveal();
  }
  auto content = files.read_file(path, kMaxSecretBytes);
  if (!content) {
    return std::move(content.error()).context("cannot read the secret");
  }
  return std::string(base::trim(*content));
}

base::Result<std::string> authorization_of(const HttpOptions& options,
                                           const base::FileSystem& files) {
  if (options.has_basic_auth) {
    const auto user = secret_of(base::Secret(options.username), options.username_file, files);
    if (!user) {
      return user.error();
    }
    const auto password = secret_of(options.password, options.password_file, files);
    if (!password) {
      return password.error();
    }
    return "Basic " + net::base64_encode(*user + ":" + *password);
  }
  if (options.has_authorization) {
    const auto credentials = secret_of(options.credentials, options.credentials_file, files);
    if (!credentials) {
      return credentials.error();
    }
    return options.auth_type + " " + *credentials;
  }
  return std::string();
}

base::Result<std::string> value_of(const ExtraHeader& header, const base::FileSystem& files) {
  std::vector<std::string> values;
  values.reserve(header.values.size() + header.files.size());
  for (const base::Secret& value : header.values) {
    values.push_back(value.reveal());
  }
  for (const std::string& file : header.files) {
    auto value = secret_of({}, file, files);
    if (!value) {
      return value.error();
    }
    values.push_back(*std::move(value));
  }
  // One field with a list says the same as several fields (RFC 9110, 5.3).
  return base::join(values, ", ");
}

}  // namespace

net::TlsOptions decode_tls(const yaml::Node& node, const ConfigFiles& config,
                           yaml::Problems& problems) {
  yaml::MappingReader reader(node, "tls_config", problems);
  net::TlsOptions tls;
  tls.ca_file = file_path(reader, "ca_file", config);
  tls.cert_file = file_path(reader, "cert_file", config);
  tls.key_file = file_path(reader, "key_file", config);
  tls.server_name = reader.text("server_name").value_or("");
  tls.insecure_skip_verify = reader.boolean("insecure_skip_verify").value_or(false);
  const auto min = reader.choice("min_version", {"TLS10", "TLS11", "TLS12", "TLS13"});
  if (min && (*min == "TLS10" || *min == "TLS11")) {
    reader.warning("min_version", *min + " is out of date; TLS 1.2 is the least that is used here");
  } else if (min && *min == "TLS13") {
    reader.problem("min_version", "not supported yet; TLS 1.2 and 1.3 are both accepted");
  }
  reader.unsupported({"ca", "cert", "key", "ca_ref", "cert_ref", "key_ref", "max_version"});
  if (tls.cert_file.empty() != tls.key_file.empty()) {
    reader.problem(tls.cert_file.empty() ? "key_file" : "cert_file",
                   "cert_file and key_file go together");
  }
  reader.finish();
  return tls;
}

HttpOptions decode_http_options(yaml::MappingReader& reader, const ConfigFiles& config,
                                yaml::Problems& problems) {
  HttpOptions options;
  if (const yaml::Node* basic = reader.take("basic_auth"); basic != nullptr && !basic->is_null()) {
    decode_basic_auth(*basic, config, options, problems);
  }
  if (const yaml::Node* node = reader.take("authorization"); node != nullptr && !node->is_null()) {
    decode_authorization(*node, config, options, problems);
  }
  const auto token = reader.secret("bearer_token");
  const std::string token_file = file_path(reader, "bearer_token_file", config);
  const bool has_token = token || !token_file.empty();
  if (token && !token_file.empty()) {
    reader.problem("bearer_token_file",
                   "expected at most one of bearer_token and "
                   "bearer_token_file");
  }
  if (has_token && options.has_authorization) {
    reader.problem("authorization", "expected at most one of authorization and bearer_token");
  } else if (has_token) {
    options.has_authorization = true;
    options.credentials = token.value_or(base::Secret());
    options.credentials_file = token_file;
  }
  if (options.has_authorization && options.has_basic_auth) {
    reader.problem("basic_auth",
                   "expected at most one of basic_auth, authorization and "
                   "bearer_token");
  }
  if (const yaml::Node* tls = reader.take("tls_config"); tls != nullptr && !tls->is_null()) {
    options.tls = decode_tls(*tls, config, problems);
  }
  options.follow_redirects = reader.boolean("follow_redirects").value_or(true);
  decode_headers(reader, config, options, problems);
  reader.unsupported(
      {"oauth2", "proxy_url", "no_proxy", "proxy_from_environment", "proxy_connect_header"});
  reader.ignored({"enable_http2"});
  return options;
}

base::Status apply(const HttpOptions& options, const base::FileSystem& files,
                   net::HttpRequest& request) {
  request.tls = options.tls;
  request.follow_redirects = options.follow_redirects;
  if (!request.headers.get("Authorization")) {
    const auto authorization = authorization_of(options, files);
    if (!authorization) {
      return authorization.error();
    }
    if (!authorization->empty()) {
      request.headers.set("Authorization", *authorization);
    }
  }
  for (const ExtraHeader& extra : options.headers) {
    const auto value = value_of(extra, files);
    if (!value) {
      return value.error();
    }
    request.headers.set(extra.name, *value);
  }
  return {};
}

std::vector<base::Secret> secrets(const HttpOptions& options, const base::FileSystem& files) {
  std::vector<base::Secret> all = {options.password, options.credentials};
  std::vector<std::string> paths = {options.password_file, options.credentials_file};
  for (const ExtraHeader& extra : options.headers) {
    all.insert(all.end(), extra.values.begin(), extra.values.end());
    paths.insert(paths.end(), extra.files.begin(), extra.files.end());
  }
  for (const std::string& path : paths) {
    if (!path.empty()) {
      // What cannot be read was not sent either.
      if (auto secret = secret_of({}, path, files)) {
        all.emplace_back(*std::move(secret));
      }
    }
  }
  return all;
}

}  // namespace tocsin::http_config
