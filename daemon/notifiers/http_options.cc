#include "notifiers/http_options.h"

#include <cstdint>
#include <utility>

#include "base/text.h"
#include "net/base64.h"
#include "net/url.h"

namespace tocsin::notifiers {
namespace {

constexpr std::size_t kMaxSecretBytes = 64 * 1024;

void decode_basic_auth(const yaml::Node& node, HttpOptions& options, const Files& files,
                       yaml::Problems& problems) {
  yaml::MappingReader reader(node, "basic_auth", problems);
  options.user_name = reader.text("username").value_or("");
  if (const auto path = reader.text("username_file")) {
    auto content = files.system.read_file(base::resolve_path(files.folder, *path), kMaxSecretBytes);
    if (content) {
      options.user_name = base::trim(*content);
    } else {
      reader.problem("username_file", content.error().message());
    }
  }
  options.password = read_secret(reader, "password", files);
  reader.finish();
}

void decode_authorization(const yaml::Node& node, HttpOptions& options, const Files& files,
                          yaml::Problems& problems) {
  yaml::MappingReader reader(node, "authorization", problems);
  options.auth_type = reader.text("type").value_or("Bearer");
  if (base::to_lower(options.auth_type) == "basic") {
    reader.problem("type", "expected another type than Basic: use basic_auth");
  }
  options.credentials = read_secret(reader, "credentials", files);
  reader.finish();
}

std::string path_of(yaml::MappingReader& reader, std::string_view key, const Files& files) {
  const auto path = reader.text(key);
  if (!path || path->empty()) {
    return {};
  }
  std::string resolved = base::resolve_path(files.folder, *path);
  if (!files.system.exists(resolved)) {
    reader.problem(key, "the file " + base::quote(resolved) + " does not exist");
  }
  return resolved;
}

}  // namespace

base::Secret read_secret(yaml::MappingReader& reader, std::string_view key, const Files& files) {
  const std::string file_key = std::string(key) + "_file";
  const auto text = reader.secret(key);
  const auto path = reader.text(file_key);
  const bool has_text = text && !text->empty();
  if (!path || path->empty()) {
    return has_text ? *text : base::Secret();
  }
  if (has_text) {
    reader.problem(file_key, "expected at most one of " + std::string(key) + " and " + file_key);
    return *text;
  }
  auto content = files.system.read_file(base::resolve_path(files.folder, *path), kMaxSecretBytes);
  if (!content) {
    reader.problem(file_key, content.error().message());
    return {};
  }
  return base::Secret(std::string(base::trim(*content)));
}

net::TlsOptions decode_tls(const yaml::Node& node, const Files& files, yaml::Problems& problems) {
  yaml::MappingReader reader(node, "tls_config", problems);
  net::TlsOptions tls;
  tls.ca_file = path_of(reader, "ca_file", files);
  tls.cert_file = path_of(reader, "cert_file", files);
  tls.key_file = path_of(reader, "key_file", files);
  tls.server_name = reader.text("server_name").value_or("");
  tls.insecure_skip_verify = reader.boolean("insecure_skip_verify").value_or(false);
  if (tls.cert_file.empty() != tls.key_file.empty()) {
    reader.problem(tls.cert_file.empty() ? "key_file" : "cert_file",
                   "expected cert_file and key_file together");
  }
  reader.unsupported(
      {"ca", "cert", "key", "ca_ref", "cert_ref", "key_ref", "min_version", "max_version"});
  reader.finish();
  return tls;
}

void HttpOptions::apply(net::HttpRequest& request) const {
  request.tls = tls;
  request.follow_redirects = follow_redirects;
  if (!user_name.empty() || !password.empty()) {
    const std::string pair = user_name + ":" + password.reveal();
    request.headers.set("Authorization", "Basic " + net::base64_encode(pair));
  } else if (!auth_type.empty() && !credentials.empty()) {
    request.headers.set("Authorization", auth_type + " " + credentials.reveal());
  }
}

HttpOptions decode_http_keys(yaml::MappingReader& reader, const Files& files,
                             yaml::Problems& problems) {
  HttpOptions options;
  int ways = 0;
  if (const yaml::Node* basic = reader.take("basic_auth"); basic != nullptr) {
    ++ways;
    decode_basic_auth(*basic, options, files, problems);
  }
  if (const yaml::Node* authorization = reader.take("authorization"); authorization != nullptr) {
    ++ways;
    decode_authorization(*authorization, options, files, problems);
  }
  if (base::Secret token = read_secret(reader, "bearer_token", files); !token.empty()) {
    ++ways;
    options.auth_type = "Bearer";
    options.credentials = std::move(token);
  }
  if (ways > 1) {
    reader.problem("authorization",
                   "expected at most one of basic_auth, authorization and bearer_token");
  }
  if (const yaml::Node* tls = reader.take("tls_config"); tls != nullptr) {
    options.tls = decode_tls(*tls, files, problems);
  }
  options.follow_redirects = reader.boolean("follow_redirects").value_or(true);
  // HTTP/2 is an optimisation that no peer insists on.
  (void)reader.boolean("enable_http2");
  reader.unsupported({"oauth2", "proxy_url", "no_proxy", "proxy_from_environment",
                      "proxy_connect_header", "http_headers"});
  return options;
}

std::optional<HttpOptions> take_http_config(yaml::MappingReader& reader, const Files& files,
                                            yaml::Problems& problems) {
  const yaml::Node* node = reader.take("http_config");
  if (node == nullptr) {
    return std::nullopt;
  }
  yaml::MappingReader keys(*node, "http_config", problems);
  HttpOptions options = decode_http_keys(keys, files, problems);
  keys.finish();
  return options;
}

void check_url(yaml::MappingReader& reader, std::string_view key, std::string_view url) {
  if (!net::parse_url(url)) {
    // Not quoted: URLs of webhooks are secrets.
    reader.problem(key, "expected an absolute http or https URL");
  }
}

}  // namespace tocsin::notifiers
