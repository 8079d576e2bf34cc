#include "notifiers/webhook/webhook.h"

#include <boost/json/serialize.hpp>
#include <limits>
#include <utility>

#include "notifiers/notice_body.h"
#include "notifiers/outcome.h"

namespace tocsin::notifiers::webhook {

Config decode(yaml::MappingReader& reader, DecodeContext& context) {
  Config config;
  config.send_resolved = reader.boolean("send_resolved").value_or(config.send_resolved);
  config.url = read_secret(reader, "url", context.files);
  if (config.url.empty()) {
    reader.problem("url", "expected a URL in url or url_file");
  } else {
    check_url(reader, "url", config.url.reveal());
  }
  config.max_alerts = static_cast<std::uint64_t>(
      reader.integer("max_alerts", 0, std::numeric_limits<std::int32_t>::max()).value_or(0));
  config.timeout = reader.duration("timeout").value_or(config.timeout);
  config.http =
      take_http_config(reader, context.files, context.problems).value_or(context.global.http);
  reader.unsupported({"payload"});
  return config;
}

base::Result<net::HttpRequest> Webhook::render(const model::Notice& notice,
                                               const TextRenderer&) const {
  net::HttpRequest request;
  request.method = "POST";
  request.url = config().url.reveal();
  request.headers.set("Content-Type", "application/json");
  request.body = boost::json::serialize(webhook_body(notice, config().max_alerts));
  return request;
}

Outcome Webhook::classify(const net::HttpResponse& response, base::WallTime now) const {
  return from_status(response, now);
}

std::vector<base::Secret> Webhook::secrets() const { return {config().url}; }

Backend backend() {
  return {"webhook", [](yaml::MappingReader& reader, DecodeContext& context) {
            return std::make_unique<Webhook>(decode(reader, context));
          }};
}

}  // namespace tocsin::notifiers::webhook
