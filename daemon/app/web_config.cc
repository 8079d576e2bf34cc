#include "app/web_config.h"

#include <utility>

#include "api/cors.h"
#include "base/file_system.h"
#include "base/text.h"
#include "net/tls.h"
#include "net/url.h"

namespace tocsin::app {
namespace {

/// The path under `key`; a file that cannot be read, or holds nothing, is reported.
std::string take_file(yaml::MappingReader& reader, std::string_view key,
                      const http_config::ConfigFiles& where) {
  const auto written = reader.text(key);
  if (!written) {
    return {};
  }
  std::string path = base::resolve_path(where.folder, *written);
  const auto content = where.files->read_file(path, base::kMaxConfigFileBytes);
  if (!content) {
    reader.problem(key, "cannot read " + content.error().message());
  } else if (base::trim(*content).empty()) {
    reader.problem(key, path + " is empty");
  }
  return path;
}

std::vector<Credential> decode_credentials(yaml::MappingReader& web, std::string_view key,
                                           std::string_view name_key, std::string_view file_key,
                                           const http_config::ConfigFiles& where,
                                           yaml::Problems& problems) {
  std::vector<Credential> credentials;
  for (const yaml::Node* node : web.mappings(key)) {
    yaml::MappingReader reader(*node, key, problems);
    Credential credential;
    credential.position = node->position();
    credential.name = reader.required_text(name_key).value_or("");
    if (reader.required_text(file_key)) {
      credential.file = take_file(reader, file_key, where);
    }
    reader.finish();
    credentials.push_back(std::move(credential));
  }
  return credentials;
}

void decode_certificate(yaml::MappingReader& reader, const http_config::ConfigFiles& where,
                        yaml::Problems& problems, WebConfig& web) {
  const std::size_t before = problems.errors().size();
  web.cert_file = take_file(reader, "cert_file", where);
  web.key_file = take_file(reader, "key_file", where);
  if (web.cert_file.empty() && !web.key_file.empty()) {
    reader.problem("key_file", "expected a cert_file beside it");
  }
  if (web.cert_file.empty() || problems.errors().size() > before) {
    return;
  }
  if (const auto loaded = net::TlsContext::server(web.cert_file, web.key_file); !loaded) {
    reader.problem("cert_file",
                   "expected a certificate and its key in PEM form: " + loaded.error().message());
  }
}

}  // namespace

base::Status set_listen(std::string_view listen, WebConfig& web) {
  auto parsed = net::parse_host_port(listen);
  if (!parsed) {
    return base::Error(base::ErrorCode::kInvalidInput,
                       "not an address to listen on: \"" + std::string(listen) +
                           "\", expected ADDRESS:PORT such as 127.0.0.1:9746");
  }
  web.host = std::move(parsed->first);
  web.port = parsed->second;
  return {};
}

WebConfig decode_web(const yaml::Node& node, const http_config::ConfigFiles& where,
                     yaml::Problems& problems) {
  WebConfig web;
  yaml::MappingReader reader(node, "web", problems);
  if (const auto listen = reader.text("listen")) {
    if (const base::Status set = set_listen(*listen, web); !set) {
      reader.problem("listen", set.error().message());
    }
  }
  if (auto url = reader.text("external_url")) {
    if (const auto parsed = net::parse_url(*url); !parsed) {
      reader.problem("external_url", "not a URL, expected such as https://tocsin.example");
    }
    while (url->ends_with('/')) {
      url->pop_back();
    }
    web.external_url = *std::move(url);
  }
  if (auto origin = reader.text("cors_origin")) {
    if (!api::is_origin_pattern(*origin)) {
      reader.problem("cors_origin", "not a regular expression");
    }
    web.cors_origin = *std::move(origin);
  }
  decode_certificate(reader, where, problems, web);
  web.remote_write_receiver = reader.boolean("remote_write_receiver").value_or(false);
  web.bearer_tokens =
      decode_credentials(reader, "bearer_tokens", "name", "token_file", where, problems);
  web.basic_auth_users =
      decode_credentials(reader, "basic_auth_users", "username", "password_file", where, problems);
  reader.finish();
  return web;
}

}  // namespace tocsin::app
