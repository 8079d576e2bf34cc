#include <utility>

#include "notifiers/slack/slack.h"

namespace tocsin::notifiers::slack {
namespace {

void replace(yaml::MappingReader& reader, std::string_view key, std::string& value) {
  if (auto text = reader.text(key)) {
    value = std::move(*text);
  }
}

Field decode_field(const yaml::Node& node, DecodeContext& context) {
  yaml::MappingReader reader(node, "slack field", context.problems);
  Field field;
  field.title = reader.required_text("title").value_or("");
  field.value = reader.required_text("value").value_or("");
  field.is_short = reader.boolean("short");
  reader.finish();
  return field;
}

Confirmation decode_confirmation(const yaml::Node& node, DecodeContext& context) {
  yaml::MappingReader reader(node, "slack confirmation", context.problems);
  Confirmation confirm;
  confirm.text = reader.required_text("text").value_or("");
  replace(reader, "title", confirm.title);
  replace(reader, "ok_text", confirm.ok_text);
  replace(reader, "dismiss_text", confirm.dismiss_text);
  reader.finish();
  return confirm;
}

Action decode_action(const yaml::Node& node, DecodeContext& context) {
  yaml::MappingReader reader(node, "slack action", context.problems);
  Action action;
  action.type = reader.required_text("type").value_or("");
  action.text = reader.required_text("text").value_or("");
  replace(reader, "url", action.url);
  replace(reader, "style", action.style);
  replace(reader, "name", action.name);
  replace(reader, "value", action.value);
  if (action.url.empty() && action.name.empty()) {
    reader.problem("url", "expected a url or a name in a slack action");
  }
  if (const yaml::Node* confirm = reader.take("confirm"); confirm != nullptr) {
    action.confirm = decode_confirmation(*confirm, context);
  }
  reader.finish();
  return action;
}

/// Of the receiver's own and the global addresses the first that is there.
void decode_address(yaml::MappingReader& reader, DecodeContext& context, Config& config) {
  const base::Secret api_url = read_secret(reader, "api_url", context.files);
  const base::Secret app_token = read_secret(reader, "app_token", context.files);
  const std::string app_url = reader.text("app_url").value_or(context.global.slack_app_url);
  if (!api_url.empty()) {
    check_url(reader, "api_url", api_url.reveal());
  }
  if (!api_url.empty() && !app_token.empty()) {
    reader.problem("app_token", "expected at most one of api_url and app_token");
  }
  const bool own = !api_url.empty() || !app_token.empty();
  config.url = own ? api_url : context.global.slack_api_url;
  config.token = own ? app_token : context.global.slack_app_token;
  if (!config.token.empty()) {
    config.url = base::Secret(app_url);
    check_url(reader, "app_url", app_url);
  }
  if (config.url.empty()) {
    reader.problem("api_url", "expected api_url or app_token here or slack_api_url in global");
  }
}

}  // namespace

Config decode(yaml::MappingReader& reader, DecodeContext& context) {
  Config config;
  config.send_resolved = reader.boolean("send_resolved").value_or(config.send_resolved);
  decode_address(reader, context, config);
  config.http =
      take_http_config(reader, context.files, context.problems).value_or(context.global.http);
  config.timeout = reader.duration("timeout").value_or(config.timeout);
  replace(reader, "channel", config.channel);
  replace(reader, "username", config.username);
  replace(reader, "color", config.color);
  replace(reader, "title", config.title);
  replace(reader, "title_link", config.title_link);
  replace(reader, "pretext", config.pretext);
  replace(reader, "text", config.text);
  replace(reader, "fallback", config.fallback);
  replace(reader, "callback_id", config.callback_id);
  replace(reader, "icon_emoji", config.icon_emoji);
  replace(reader, "icon_url", config.icon_url);
  replace(reader, "footer", config.footer);
  replace(reader, "image_url", config.image_url);
  replace(reader, "thumb_url", config.thumb_url);
  config.short_fields = reader.boolean("short_fields").value_or(false);
  config.link_names = reader.boolean("link_names").value_or(false);
  if (auto parts = reader.texts("mrkdwn_in"); !parts.empty()) {
    config.mrkdwn_in = std::move(parts);
  }
  for (const yaml::Node* field : reader.mappings("fields")) {
    config.fields.push_back(decode_field(*field, context));
  }
  for (const yaml::Node* action : reader.mappings("actions")) {
    config.actions.push_back(decode_action(*action, context));
  }
  reader.unsupported({"message_text", "update_message"});
  return config;
}

Backend backend() {
  return {"slack", [](yaml::MappingReader& reader, DecodeContext& context) {
            return std::make_unique<Slack>(decode(reader, context));
          }};
}

}  // namespace tocsin::notifiers::slack
