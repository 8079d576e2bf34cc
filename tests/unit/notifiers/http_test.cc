#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "notifiers/notice_body.h"
#include "notifiers/outcome.h"
#include "notifiers/slack/slack.h"
#include "notifiers/webhook/webhook.h"
#include "support/simulation.h"
#include "unit/notifiers/support.h"

namespace tocsin::notifiers {
namespace {

using testing::decode_config;
using testing::FakeHttpClient;
using testing::FakeRenderer;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kNoon;
using ::testing::Not;
using testing::only;
using testing::sample_notice;

TEST(WebhookBody, IsAlertmanagersVersion4) {
  EXPECT_EQ(
      boost::json::serialize(webhook_body(sample_notice(1), 0)),
      R"({"receiver":"oncall","status":"firing","alerts":[{"status":"firing",)"
      R"("labels":{"alertname":"HighLatency","instance":"a0","severity":"page"},)"
      R"("annotations":{"summary":"결제가 느립니다"},"startsAt":"2026-01-31T09:05:00Z",)"
      R"("endsAt":"0001-01-01T00:00:00Z","generatorURL":"https://tocsin.example/graph?g0.expr=up",)"
      R"("fingerprint":")" +
          sample_notice(1).alerts[0].fingerprint() +
          R"("}],"groupLabels":{"alertname":"HighLatency"},)"
          R"("commonLabels":{"alertname":"HighLatency","severity":"page"},)"
          R"("commonAnnotations":{"summary":"결제가 느립니다"},)"
          R"("externalURL":"https://tocsin.example","version":"4",)"
          R"("groupKey":"{}:{alertname=\"HighLatency\"}","truncatedAlerts":0})");
}

TEST(WebhookBody, CountsWhatItLeavesOut) {
  model::Notice notice = sample_notice(5, true);
  notice.truncated_alerts = 10;
  const auto body = webhook_body(notice, 2);
  EXPECT_EQ(body.at("alerts").as_array().size(), 2U);
  EXPECT_EQ(body.at("truncatedAlerts").as_uint64(), 13U);
  EXPECT_EQ(body.at("status"), "resolved");
  EXPECT_EQ(body.at("alerts").at(0).at("endsAt"), "2026-01-31T09:06:30.25Z");
}

TEST(WebhookBody, ProgramsAlsoGetTheIncidents) {
  model::Notice notice = sample_notice();
  notice.incidents.push_back({"INC-1", "t", "open", 2, true, "shop", "business", kNoon});
  const auto body = program_body(notice);
  EXPECT_EQ(body.at("tocsin").at("id"), "n-1");
  EXPECT_EQ(body.at("tocsin").at("incidents").at(0).at("grade"), 2);
}

struct StatusCase {
  int status;
  OutcomeKind kind;
  std::optional<base::Duration> after;
  net::Headers headers = {};
};

TEST(Outcome, FollowsFromTheStatus) {
  using std::chrono::seconds;
  const std::vector<StatusCase> cases = {
      {200, OutcomeKind::kDelivered, {}},
      {204, OutcomeKind::kDelivered, {}},
      {302, OutcomeKind::kRefused, {}},
      {400, OutcomeKind::kRefused, {}},
      {404, OutcomeKind::kRefused, {}},
      {408, OutcomeKind::kRetry, {}},
      {429, OutcomeKind::kRetry, seconds(7), {{"retry-after", "7"}}},
      {429, OutcomeKind::kRetry, {}, {{"Retry-After", "soon"}}},
      {503, OutcomeKind::kRetry, seconds(60), {{"Retry-After", "Sat, 31 Jan 2026 09:06:00 GMT"}}},
      {503, OutcomeKind::kRetry, seconds(0), {{"Retry-After", "Sat, 31 Jan 2026 09:00:00 GMT"}}},
      {503, OutcomeKind::kRetry, {}, {{"Retry-After", "Sat, 31 Foo 2026 09:00:00 GMT"}}},
      {503, OutcomeKind::kRetry, std::chrono::hours(24), {{"Retry-After", "999999"}}},
      {500, OutcomeKind::kRetry, {}},
  };
  for (const StatusCase& test : cases) {
    const auto response = FakeHttpClient::status(test.status, "why\nmore", test.headers);
    const Outcome outcome = from_status(*response, kNoon);
    EXPECT_EQ(outcome.kind, test.kind) << test.status;
    EXPECT_EQ(outcome.retry_after, test.after) << test.status;
    if (test.kind != OutcomeKind::kDelivered) {
      EXPECT_EQ(outcome.reason, "HTTP status " + std::to_string(test.status) + ": why");
    }
  }
}

TEST(Outcome, SecretsAreCutOut) {
  EXPECT_EQ(redact("a tok b tok", {base::Secret("tok"), base::Secret()}), "a *** b ***");
}

class HttpDriver : public ::testing::Test {
 protected:
  Outcome deliver(const std::string& config, model::Notice notice = sample_notice()) {
    const auto decoded = decode_config(config, files_at_start_);
    EXPECT_THAT(decoded.problems, IsEmpty());
    const auto built = build(decoded.receivers, parts());
    const auto deadline = simulation_.clock().monotonic_now() + std::chrono::seconds(30);
    return simulation_.run(
        built.begin()->second.at(0).notifier->deliver(std::move(notice), deadline));
  }

  Parts parts() {
    return {.http = http_,
            .files = files_,
            .timers = simulation_.timers(),
            .clock = simulation_.clock(),
            .renderer = renderer_,
            .executor = simulation_.executor(),
            .log = {},
            .host_name = "host",
            .version = "1.2",
            .delivery_timeout = std::chrono::minutes(5)};
  }

  testing::Simulation simulation_;
  FakeHttpClient http_;
  testing::FakeFileSystem files_at_start_;
  testing::FakeFileSystem files_;
  FakeRenderer renderer_;
};

constexpr const char* kHook =
    "receivers: [{name: a, webhook_configs: [{url: 'http://hook/secret-path', timeout: 5s, "
    "http_config: {basic_auth: {username: u, password: p4ss}, tls_config: {server_name: n}, "
    "follow_redirects: false}}]}]";

TEST_F(HttpDriver, SendsWithIdempotencyKeyCredentialsAndTimeLimit) {
  const auto before = simulation_.clock().monotonic_now();
  const Outcome outcome = deliver(kHook);
  EXPECT_EQ(outcome.kind, OutcomeKind::kDelivered);
  ASSERT_EQ(http_.requests.size(), 1U);
  const net::HttpRequest& request = http_.requests[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.headers.get("Idempotency-Key"), "n-1");
  EXPECT_EQ(request.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(request.headers.get("User-Agent"), "tocsin/1.2");
  EXPECT_EQ(request.headers.get("Authorization"), "Basic dTpwNHNz");
  EXPECT_EQ(request.tls.server_name, "n");
  EXPECT_FALSE(request.follow_redirects);
  EXPECT_EQ(http_.deadlines[0], before + std::chrono::seconds(5));
}

TEST_F(HttpDriver, TheTimeLimitIsThatOfTheIntegration) {
  files_at_start_.write("/bin/true", "");
  const auto limit = [this](const std::string& entry) {
    const auto decoded = decode_config("receivers: [{name: a, " + entry + "}]", files_at_start_);
    EXPECT_THAT(decoded.problems, IsEmpty());
    const auto built = build(decoded.receivers, parts());
    return built.at("a").at(0).notifier->time_limit();
  };
  EXPECT_EQ(limit("webhook_configs: [{url: 'http://h/', timeout: 30s}]"), std::chrono::seconds(30));
  EXPECT_EQ(limit("webhook_configs: [{url: 'http://h/'}]"), std::chrono::minutes(5));
  EXPECT_EQ(limit("exec_configs: [{command: [/bin/true], timeout: 1m}]"), std::chrono::minutes(1));
}

TEST_F(HttpDriver, RedactsWhatThePeerSays) {
  http_.answer = [](const net::HttpRequest&) {
    return FakeHttpClient::status(400, "bad p4ss for http://hook/secret-path");
  };
  const Outcome outcome = deliver(kHook);
  EXPECT_EQ(outcome.kind, OutcomeKind::kRefused);
  EXPECT_EQ(outcome.reason, "HTTP status 400: bad *** for ***");
}

TEST_F(HttpDriver, ReadsSecretFilesForEachNotice) {
  const std::string config =
      "receivers: [{name: a, webhook_configs: [{url: 'http://hook/', http_config: {authorization: "
      "{credentials_file: /token}, http_headers: {X-Scope: {values: [one], files: [/scope]}}}}]}]";
  files_at_start_.write("/token", "first");
  files_at_start_.write("/scope", "one more");
  const Outcome unread = deliver(config);
  EXPECT_EQ(unread.kind, OutcomeKind::kRetry) << "a credential that is being replaced comes back";
  EXPECT_THAT(unread.reason, HasSubstr("/token"));
  EXPECT_THAT(http_.requests, IsEmpty());
  files_.write("/token", "second\n");
  files_.write("/scope", "two");
  http_.answer = [](const net::HttpRequest&) {
    return FakeHttpClient::status(403, "second and two may not");
  };
  EXPECT_EQ(deliver(config).reason, "HTTP status 403: *** and *** may not");
  ASSERT_EQ(http_.requests.size(), 1U);
  EXPECT_EQ(http_.requests[0].headers.get("Authorization"), "Bearer second");
  EXPECT_EQ(http_.requests[0].headers.get("X-Scope"), "one, two");
}

TEST_F(HttpDriver, TransportFailuresMayPass) {
  for (const auto code : {base::ErrorCode::kTimeout, base::ErrorCode::kUnavailable,
                          base::ErrorCode::kDenied, base::ErrorCode::kCorrupt}) {
    http_.answer = [code](const net::HttpRequest&) -> base::Result<net::HttpResponse> {
      return base::Error(code, "connect: refused");
    };
    EXPECT_EQ(deliver(kHook).kind, OutcomeKind::kRetry);
  }
}

constexpr const char* kSlack = R"(
receivers:
  - name: a
    slack_configs:
      - api_url: https://hooks.example/T/B
        channel: "#ops"
        username: tocsin
        title: "[{{status}}] {{alertname}}"
        title_link: ""
        text: "*{{alertname}}*"
        pretext: ""
        fallback: f
        callback_id: ""
        icon_emoji: ":bell:"
        icon_url: ""
        footer: ""
        color: danger
        link_names: true
        short_fields: true
        fields: [{title: t, value: "{{status}}"}, {title: u, value: v, short: false}]
        actions: [{type: button, text: Runbook, url: "http://r/", confirm: {text: sure}}]
)";

TEST_F(HttpDriver, SlackGetsOneAttachment) {
  EXPECT_EQ(deliver(kSlack).kind, OutcomeKind::kDelivered);
  EXPECT_EQ(http_.requests.at(0).url, "https://hooks.example/T/B");
  EXPECT_EQ(http_.requests.at(0).body,
            R"({"channel":"#ops","username":"tocsin","icon_emoji":":bell:","link_names":true,)"
            R"("attachments":[{"title":"[firing] HighLatency","text":"*HighLatency*",)"
            R"("fallback":"f","fields":[{"title":"t","value":"firing","short":true},)"
            R"({"title":"u","value":"v","short":false}],"actions":[{"type":"button",)"
            R"("text":"Runbook","url":"http://r/","confirm":{"text":"sure"}}],"color":"danger",)"
            R"("mrkdwn_in":["fallback","pretext","text"]}]})");
}

TEST_F(HttpDriver, SlackTitlesAreCutByCharacters) {
  const auto title = [this](int characters) {
    std::string text;
    for (int i = 0; i < characters; ++i) {
      text += "결";
    }
    EXPECT_EQ(deliver("receivers: [{name: a, slack_configs: [{api_url: 'http://x/', title: '" +
                      text + "'}]}]")
                  .kind,
              OutcomeKind::kDelivered);
    const auto body = boost::json::parse(http_.requests.back().body);
    const std::string sent = body.at("attachments").at(0).at("title").as_string().c_str();
    return sent == text ? std::string("whole") : sent;
  };
  EXPECT_EQ(title(1024), "whole");
  const std::string cut = title(1025);
  EXPECT_EQ(cut.size(), 1024 * 3U);
  EXPECT_TRUE(cut.ends_with("결…"));
}

TEST_F(HttpDriver, SlackAppsPostWithTheirToken) {
  http_.answer = [](const net::HttpRequest&) {
    return FakeHttpClient::status(200, R"({"ok":true})");
  };
  EXPECT_EQ(deliver("global: {slack_app_token: xoxb-1}\n"
                    "receivers: [{name: a, slack_configs: [{channel: c}]}]")
                .kind,
            OutcomeKind::kDelivered);
  EXPECT_EQ(http_.requests.at(0).url, "https://slack.com/api/chat.postMessage");
  EXPECT_EQ(http_.requests.at(0).headers.get("Authorization"), "Bearer xoxb-1");
}

TEST_F(HttpDriver, ABrokenTemplateIsForAHuman) {
  const Outcome outcome =
      deliver("receivers: [{name: a, slack_configs: [{api_url: 'http://x/', title: '{{fail}}'}]}]");
  EXPECT_EQ(outcome.kind, OutcomeKind::kRefused);
  EXPECT_THAT(outcome.reason, HasSubstr("title: template"));
  EXPECT_THAT(http_.requests, IsEmpty());
}

TEST(Slack, ReadsTheAnswer) {
  const slack::Slack integration(slack::Config{});
  struct Case {
    int status;
    const char* body;
    OutcomeKind kind;
  };
  for (const Case& test :
       {Case{200, "ok", OutcomeKind::kDelivered},
        Case{200, R"({"ok":true})", OutcomeKind::kDelivered},
        Case{200, R"({"ok":false,"error":"ratelimited"})", OutcomeKind::kRetry},
        Case{200, R"({"ok":false,"error":"fatal_error"})", OutcomeKind::kRetry},
        Case{200, R"({"ok":false,"error":"channel_not_found"})", OutcomeKind::kRefused},
        Case{200, R"({"ok":false})", OutcomeKind::kRefused},
        Case{404, "channel_not_found", OutcomeKind::kRefused},
        Case{429, "rate_limited", OutcomeKind::kRetry}, Case{500, "", OutcomeKind::kRetry}}) {
    const auto response = FakeHttpClient::status(test.status, test.body);
    EXPECT_EQ(integration.classify(*response, kNoon).kind, test.kind) << test.body;
  }
}

TEST_F(HttpDriver, LogWritesOneLine) {
  std::string line;
  const auto decoded = decode_config("receivers: [{name: a, log_configs: [{message: \"x\\ny\"}]}]");
  const Parts parts{http_,
                    files_,
                    simulation_.timers(),
                    simulation_.clock(),
                    renderer_,
                    simulation_.executor(),
                    [&](bool warning, std::string_view text) {
                      line = std::string(text) + (warning ? "!" : "");
                    }};
  const auto built = build(decoded.receivers, parts);
  const Outcome outcome = simulation_.run(
      built.at("a").at(0).notifier->deliver(sample_notice(), base::MonotonicTime::max()));
  EXPECT_EQ(outcome.kind, OutcomeKind::kDelivered);
  EXPECT_EQ(line, "x y!");
}

}  // namespace
}  // namespace tocsin::notifiers
