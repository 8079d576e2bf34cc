#include "notifiers/slack/slack.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "notifiers/outcome.h"
#include "notifiers/template_texts.h"

namespace tocsin::notifiers::slack {
namespace {

/// Slack shows no more of a title and refuses much longer texts.
/// https://api.slack.com/reference/messaging/attachments
constexpr std::size_t kMaxTitleRunes = 1024;
constexpr std::size_t kMaxTextRunes = 38'000;

/// Errors of chat.postMessage that pass by themselves; all others need a human.
/// https://api.slack.com/methods/chat.postMessage#errors
constexpr std::array<std::string_view, 8> kPassingErrors = {
    "ratelimited",     "rate_limited",        "internal_error",         "fatal_error",
    "request_timeout", "service_unavailable", "message_limit_exceeded", "accesslimited",
};

/// Puts a text under a key unless it is empty, as Alertmanager does.
void put(boost::json::object& object, std::string_view key, std::string_view text) {
  if (!text.empty()) {
    object[key] = text;
  }
}

boost::json::array fields_body(const Config& config, TemplateTexts& texts) {
  boost::json::array fields;
  for (const Field& field : config.fields) {
    boost::json::object body;
    body["title"] = texts.render("title of a field", field.title);
    body["value"] = texts.render("value of a field", field.value);
    body["short"] = field.is_short.value_or(config.short_fields);
    fields.push_back(std::move(body));
  }
  return fields;
}

boost::json::array actions_body(const Config& config, TemplateTexts& texts) {
  boost::json::array actions;
  for (const Action& action : config.actions) {
    boost::json::object body;
    put(body, "type", texts.render("type of an action", action.type));
    put(body, "text", texts.render("text of an action", action.text));
    put(body, "url", texts.render("url of an action", action.url));
    put(body, "style", texts.render("style of an action", action.style));
    put(body, "name", texts.render("name of an action", action.name));
    put(body, "value", texts.render("value of an action", action.value));
    if (action.confirm) {
      boost::json::object confirm;
      put(confirm, "text", texts.render("text of a confirmation", action.confirm->text));
      put(confirm, "title", texts.render("title of a confirmation", action.confirm->title));
      put(confirm, "ok_text", texts.render("ok_text", action.confirm->ok_text));
      put(confirm, "dismiss_text", texts.render("dismiss_text", action.confirm->dismiss_text));
      body["confirm"] = std::move(confirm);
    }
    actions.push_back(std::move(body));
  }
  return actions;
}

boost::json::object attachment_body(const Config& config, TemplateTexts& texts) {
  boost::json::object body;
  put(body, "title", base::shorten_runes(texts.render("title", config.title), kMaxTitleRunes));
  put(body, "title_link", texts.render("title_link", config.title_link));
  put(body, "pretext", texts.render("pretext", config.pretext));
  body["text"] = base::shorten_runes(texts.render("text", config.text), kMaxTextRunes);
  body["fallback"] = base::shorten_runes(texts.render("fallback", config.fallback), kMaxTextRunes);
  put(body, "callback_id", texts.render("callback_id", config.callback_id));
  if (!config.fields.empty()) {
    body["fields"] = fields_body(config, texts);
  }
  if (!config.actions.empty()) {
    body["actions"] = actions_body(config, texts);
  }
  put(body, "image_url", texts.render("image_url", config.image_url));
  put(body, "thumb_url", texts.render("thumb_url", config.thumb_url));
  put(body, "footer", texts.render("footer", config.footer));
  put(body, "color", texts.render("color", config.color));
  boost::json::array markdown;
  for (const std::string& part : config.mrkdwn_in) {
    markdown.emplace_back(part);
  }
  body["mrkdwn_in"] = std::move(markdown);
  return body;
}

}  // namespace

base::Result<net::HttpRequest> Slack::render(const model::Notice& notice,
                                             const TextRenderer& renderer) const {
  TemplateTexts texts(renderer, notice);
  boost::json::object body;
  put(body, "channel", texts.render("channel", config().channel));
  put(body, "username", texts.render("username", config().username));
  put(body, "icon_emoji", texts.render("icon_emoji", config().icon_emoji));
  put(body, "icon_url", texts.render("icon_url", config().icon_url));
  if (config().link_names) {
    body["link_names"] = true;
  }
  boost::json::array attachments;
  attachments.push_back(attachment_body(config(), texts));
  body["attachments"] = std::move(attachments);
  if (texts.failure()) {
    return *texts.failure();
  }
  net::HttpRequest request;
  request.method = "POST";
  request.url = config().url.reveal();
  request.headers.set("Content-Type", "application/json; charset=utf-8");
  if (!config().token.empty()) {
    request.headers.set("Authorization", "Bearer " + config().token.reveal());
  }
  request.body = boost::json::serialize(body);
  return request;
}

/// Incoming webhooks answer with a plain text and a status; the web API answers 200 with
/// {"ok": false, "error": "…"}.
Outcome Slack::classify(const net::HttpResponse& response, base::WallTime now) const {
  Outcome outcome = from_status(response, now);
  if (outcome.kind != OutcomeKind::kDelivered) {
    return outcome;
  }
  boost::system::error_code failure;
  const boost::json::value answer = boost::json::parse(response.body, failure);
  const auto* object = failure ? nullptr : answer.if_object();
  const auto* ok = object == nullptr ? nullptr : object->if_contains("ok");
  if (ok == nullptr || !ok->is_bool() || ok->get_bool()) {
    return outcome;
  }
  const auto* named = object->if_contains("error");
  const std::string error = named != nullptr && named->is_string()
                                ? first_line(std::string_view(named->get_string()))
                                : "unknown error";
  if (std::find(kPassingErrors.begin(), kPassingErrors.end(), error) != kPassingErrors.end()) {
    return retry("Slack answered " + error, retry_after(response.headers, now));
  }
  return refused("Slack answered " + error);
}

std::vector<base::Secret> Slack::secrets() const { return {config().url, config().token}; }

}  // namespace tocsin::notifiers::slack
