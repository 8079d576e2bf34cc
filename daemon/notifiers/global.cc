#include "notifiers/global.h"

namespace tocsin::notifiers {
namespace {

void decode_smtp(yaml::MappingReader& reader, GlobalConfig& global, const Files& files,
                 yaml::Problems& problems) {
  global.smtp_from = reader.text("smtp_from").value_or("");
  global.smtp_hello = reader.text("smtp_hello").value_or(global.smtp_hello);
  global.smtp_smarthost = reader.text("smtp_smarthost").value_or("");
  global.smtp_auth_username = reader.text("smtp_auth_username").value_or("");
  global.smtp_auth_password = read_secret(reader, "smtp_auth_password", files);
  global.smtp_auth_secret = read_secret(reader, "smtp_auth_secret", files);
  global.smtp_auth_identity = reader.text("smtp_auth_identity").value_or("");
  global.smtp_require_tls = reader.boolean("smtp_require_tls").value_or(true);
  global.smtp_force_implicit_tls = reader.boolean("smtp_force_implicit_tls").value_or(false);
  if (const yaml::Node* tls = reader.take("smtp_tls_config"); tls != nullptr) {
    global.smtp_tls = http_config::decode_tls(*tls, files.config(), problems);
  }
}

}  // namespace

GlobalConfig decode_global(yaml::MappingReader& reader, const Files& files,
                           yaml::Problems& problems) {
  GlobalConfig global;
  global.resolve_timeout = reader.duration("resolve_timeout").value_or(global.resolve_timeout);
  global.http = take_http_config(reader, files, problems).value_or(http_config::HttpOptions());
  global.slack_api_url = read_secret(reader, "slack_api_url", files);
  if (!global.slack_api_url.empty()) {
    check_url(reader, "slack_api_url", global.slack_api_url.reveal());
  }
  global.slack_app_token = read_secret(reader, "slack_app_token", files);
  if (!global.slack_api_url.empty() && !global.slack_app_token.empty()) {
    reader.problem("slack_app_token", "expected at most one of slack_api_url and slack_app_token");
  }
  if (const auto url = reader.text("slack_app_url")) {
    global.slack_app_url = *url;
    check_url(reader, "slack_app_url", *url);
  }
  decode_smtp(reader, global, files, problems);
  // Defaults of receiver kinds that are refused where they are used.
  reader.ignored({"jira_api_url",           "mattermost_webhook_url", "mattermost_webhook_url_file",
                  "opsgenie_api_key",       "opsgenie_api_key_file",  "opsgenie_api_url",
                  "pagerduty_url",          "rocketchat_api_url",     "rocketchat_token",
                  "rocketchat_token_file",  "rocketchat_token_id",    "rocketchat_token_id_file",
                  "telegram_api_url",       "telegram_bot_token",     "telegram_bot_token_file",
                  "victorops_api_key",      "victorops_api_key_file", "victorops_api_url",
                  "webex_api_url",          "wechat_api_corp_id",     "wechat_api_secret",
                  "wechat_api_secret_file", "wechat_api_url"});
  return global;
}

}  // namespace tocsin::notifiers
