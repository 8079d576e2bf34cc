#pragma once

#include <optional>
#include <string>
#include <vector>

#include "notifiers/http_notifier.h"
#include "notifiers/registry.h"
#include "notifiers/secrets.h"

namespace tocsin::notifiers::slack {

/// A cell of the table under the text. Texts here and below are templates.
struct Field {
  std::string title;
  std::string value;
  std::optional<bool> is_short;  ///< beside the next one; absent: `short_fields`
};

/// Asked before a button acts.
struct Confirmation {
  std::string text;
  std::string title;
  std::string ok_text;
  std::string dismiss_text;
};

/// A button: with a URL it opens that, with a name it sends an interaction.
struct Action {
  std::string type;
  std::string text;
  std::string url;
  std::string style;
  std::string name;
  std::string value;
  std::optional<Confirmation> confirm;
};

/// `slack_configs`: one attachment per notice, by incoming webhook (`api_url`) or chat.postMessage
/// (`app_token`, or an `api_url` of it with http_config.authorization).
struct Config {
  bool send_resolved = false;
  base::Secret url;    ///< where to POST
  base::Secret token;  ///< bearer token of an app; empty with an incoming webhook
  http_config::HttpOptions http;
  base::Duration timeout{0};  ///< of one request; 0: Parts::delivery_timeout

  std::string channel;  ///< "#ops", a user or an id; empty: that of the webhook
  std::string username = R"({{ template "slack.default.username" . }})";
  std::string color = R"({{ if eq .Status "firing" }}danger{{ else }}good{{ end }})";
  std::string title = R"({{ template "slack.default.title" . }})";
  std::string title_link = R"({{ template "slack.default.titlelink" . }})";
  std::string pretext = R"({{ template "slack.default.pretext" . }})";
  std::string text = R"({{ template "slack.default.text" . }})";
  std::string fallback = R"({{ template "slack.default.fallback" . }})";
  std::string callback_id = R"({{ template "slack.default.callbackid" . }})";
  std::string icon_emoji = R"({{ template "slack.default.iconemoji" . }})";
  std::string icon_url = R"({{ template "slack.default.iconurl" . }})";
  std::string footer = R"({{ template "slack.default.footer" . }})";
  std::string image_url;
  std::string thumb_url;
  bool short_fields = false;
  bool link_names = false;  ///< turn @name and #channel into links
  std::vector<std::string> mrkdwn_in = {"fallback", "pretext", "text"};
  std::vector<Field> fields;
  std::vector<Action> actions;
};

class Slack final : public ConfiguredHttpIntegration<Config> {
 public:
  using ConfiguredHttpIntegration::ConfiguredHttpIntegration;

  base::Result<net::HttpRequest> render(const model::Notice& notice,
                                        const TextRenderer& renderer) const override;
  Outcome classify(const net::HttpResponse& response, base::WallTime now) const override;
  std::vector<base::Secret> secrets() const override;
};

Config decode(yaml::MappingReader& reader, DecodeContext& context);
Backend backend();

}  // namespace tocsin::notifiers::slack
