#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "net/url.h"
#include "notifiers/email/email.h"

namespace tocsin::notifiers::email {
namespace {

constexpr std::string_view kImplicitTlsPort = "465";

bool is_header_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](char c) { return c > 0x20 && c < 0x7f && c != ':'; });
}

bool is_host_text(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c < 0x7f && c != '/' && c != '@';
  });
}

void decode_headers(yaml::MappingReader& reader, Config& config) {
  std::set<std::string> names;
  for (auto& [name, value] : reader.text_map("headers")) {
    if (!is_header_name(name)) {
      reader.problem("headers", "expected a header name, found " + base::quote(name));
    } else if (!names.insert(base::to_lower(name)).second) {
      reader.problem("headers", "a second header " + base::quote(name));
    } else {
      config.headers.emplace_back(name, value);
    }
  }
  if (!names.contains("subject")) {
    config.headers.emplace_back("Subject", R"({{ template "email.default.subject" . }})");
  }
}

void decode_smarthost(yaml::MappingReader& reader, const GlobalConfig& global, Config& config) {
  const std::string smarthost = reader.text("smarthost").value_or(global.smtp_smarthost);
  if (smarthost.empty()) {
    reader.problem("smarthost", "expected host:port here or as smtp_smarthost in global");
    return;
  }
  const auto parsed = net::parse_host_port(smarthost);
  if (!parsed || !is_host_text(parsed->first)) {
    reader.problem("smarthost", "expected host:port, found " + base::quote(smarthost));
    return;
  }
  config.relay.host = parsed->first;
  config.relay.port = std::to_string(parsed->second);
}

void decode_login(yaml::MappingReader& reader, DecodeContext& context, Config& config) {
  const GlobalConfig& global = context.global;
  SmtpRequest& relay = config.relay;
  relay.user_name = reader.text("auth_username").value_or(global.smtp_auth_username);
  relay.identity = reader.text("auth_identity").value_or(global.smtp_auth_identity);
  base::Secret password = read_secret(reader, "auth_password", context.files);
  base::Secret secret = read_secret(reader, "auth_secret", context.files);
  if (password.empty() && secret.empty()) {
    password = global.smtp_auth_password;
    secret = global.smtp_auth_secret;
  }
  relay.cram_md5 = password.empty() && !secret.empty();
  relay.password = relay.cram_md5 ? secret : password;
}

}  // namespace

Config decode(yaml::MappingReader& reader, DecodeContext& context) {
  const GlobalConfig& global = context.global;
  Config config;
  config.send_resolved = reader.boolean("send_resolved").value_or(config.send_resolved);
  config.to = reader.required_text("to").value_or("");
  config.from = reader.text("from").value_or(global.smtp_from);
  if (config.from.empty()) {
    reader.problem("from", "expected an address here or as smtp_from in global");
  }
  config.html = reader.text("html").value_or(config.html);
  config.text = reader.text("text").value_or("");
  decode_headers(reader, config);
  decode_smarthost(reader, global, config);
  decode_login(reader, context, config);

  SmtpRequest& relay = config.relay;
  relay.hello = reader.text("hello").value_or(global.smtp_hello);
  if (!is_host_text(relay.hello)) {
    reader.problem("hello", "expected a host name");
  }
  relay.starttls = reader.boolean("require_tls").value_or(global.smtp_require_tls);
  relay.implicit_tls =
      reader.boolean("force_implicit_tls")
          .value_or(global.smtp_force_implicit_tls || relay.port == kImplicitTlsPort);
  relay.tls = global.smtp_tls;
  if (const yaml::Node* tls = reader.take("tls_config"); tls != nullptr) {
    relay.tls = http_config::decode_tls(*tls, context.files.config(), context.problems);
  }
  reader.unsupported({"threading", "attachments"});
  return config;
}

Backend backend() {
  return {"email", [](yaml::MappingReader& reader, DecodeContext& context) {
            return std::make_unique<Email>(decode(reader, context));
          }};
}

}  // namespace tocsin::notifiers::email
