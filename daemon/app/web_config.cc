#include "app/web_config.h"

#include <utility>

#include "api/cors.h"
#include "base/file_system.h"
#include "net/url.h"

namespace tocsin::app {
namespace {

std::vector<Credential> decode_credentials(yaml::MappingReader& web, std::string_view key,
                                           std::string_view name_key, std::string_view file_key,
                                           const std::string& folder, yaml::Problems& problems) {
  std::vector<Credential> credentials;
  for (const yaml::Node* node : web.mappings(key)) {
    yaml::MappingReader reader(*node, key, problems);
    Credential credential;
    credential.position = node->position();
    credential.name = reader.required_text(name_key).value_or("");
    credential.file = base::resolve_path(folder, reader.required_text(file_key).value_or(""));
    reader.finish();
    credentials.push_back(std::move(credential));
  }
  return credentials;
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

WebConfig decode_web(const yaml::Node& node, const std::string& folder, yaml::Problems& problems) {
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
  if (auto cert = reader.text("cert_file")) {
    web.cert_file = base::resolve_path(folder, *cert);
  }
  if (auto key = reader.text("key_file")) {
    web.key_file = base::resolve_path(folder, *key);
  }
  web.remote_write_receiver = reader.boolean("remote_write_receiver").value_or(false);
  web.bearer_tokens =
      decode_credentials(reader, "bearer_tokens", "name", "token_file", folder, problems);
  web.basic_auth_users =
      decode_credentials(reader, "basic_auth_users", "username", "password_file", folder, problems);
  reader.finish();
  return web;
}

}  // namespace tocsin::app
