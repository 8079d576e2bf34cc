#include "notifiers/receivers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notifiers/email/email.h"
#include "notifiers/exec/exec.h"
#include "notifiers/slack/slack.h"
#include "notifiers/webhook/webhook.h"
#include "unit/notifiers/support.h"

namespace tocsin::notifiers {
namespace {

using testing::decode_config;
using ::testing::ElementsAre;
using testing::FakeFileSystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::only;

TEST(Receivers, DecodeEveryKindWithItsDefaults) {
  const auto decoded = decode_config(R"(
global:
  resolve_timeout: 5m
  slack_api_url: https://hooks.slack.example/T/B/x
  smtp_smarthost: mail.example:587
  smtp_from: tocsin@example.org
  smtp_auth_username: tocsin
  smtp_auth_password: open sesame
receivers:
  - name: oncall
    slack_configs: [{channel: "#ops"}, {channel: "#page", send_resolved: true}]
    webhook_configs: [{url: "http://hook.example/", max_alerts: 5}]
    email_configs: [{to: ops@example.org}]
    log_configs: [{}]
    exec_configs: [{command: [/usr/bin/page, "{{alertname}}"]}]
  - name: nobody
)",
                                     FakeFileSystem{{"/usr/bin/page", ""}});
  EXPECT_THAT(decoded.problems, IsEmpty());
  ASSERT_EQ(decoded.receivers.size(), 2U);
  std::vector<std::string> ids;
  for (const auto& named : decoded.receivers[0].integrations) {
    ids.push_back(named.id + (named.integration->send_resolved() ? "+" : ""));
  }
  EXPECT_THAT(ids, ::testing::UnorderedElementsAre("email[0]", "exec[0]+", "log[0]+", "slack[0]",
                                                   "slack[1]+", "webhook[0]+"));
  EXPECT_TRUE(decoded.receivers[1].integrations.empty());
}

TEST(Receivers, MailTakesItsRelayFromGlobal) {
  const auto decoded = decode_config(R"(
global: {smtp_smarthost: "[::1]:465", smtp_from: a@example.org, smtp_hello: me, smtp_auth_secret: x}
receivers: [{name: m, email_configs: [{to: b@example.org, headers: {subject: s}, text: t}]}]
)");
  ASSERT_THAT(decoded.problems, IsEmpty());
  const auto& config = only<email::Email>(decoded).config();
  EXPECT_EQ(config.relay.host, "::1");
  EXPECT_EQ(config.relay.port, "465");
  EXPECT_TRUE(config.relay.implicit_tls) << "that is what port 465 is for";
  EXPECT_TRUE(config.relay.starttls);
  EXPECT_TRUE(config.relay.cram_md5);
  EXPECT_EQ(config.relay.hello, "me");
  EXPECT_EQ(config.headers.size(), 1U) << "the default subject is replaced whatever its case";
}

TEST(Receivers, SecretsComeFromFiles) {
  const FakeFileSystem files(
      {{"/etc/tocsin/url", "https://hooks.slack.example/x\n"}, {"/run/token", "t0k\n"}});
  const auto decoded = decode_config(R"(
global: {slack_api_url_file: url}
receivers:
  - name: a
    slack_configs:
      - {http_config: {authorization: {credentials_file: /run/token}}}
)",
                                     files);
  ASSERT_THAT(decoded.problems, IsEmpty());
  const auto& config = only<slack::Slack>(decoded).config();
  EXPECT_EQ(config.url.reveal(), "https://hooks.slack.example/x");
  EXPECT_EQ(config.http.credentials_file, "/run/token") << "read for each request";
}

struct Refusal {
  const char* name;
  const char* text;
  const char* message;
};

class ReceiversRefuse : public ::testing::TestWithParam<Refusal> {};

TEST_P(ReceiversRefuse, WithPlaceAndReason) {
  const auto decoded = decode_config(GetParam().text);
  EXPECT_THAT(decoded.problems, ElementsAre(HasSubstr(GetParam().message)));
  for (const auto& problem : decoded.problems) {
    EXPECT_THAT(problem, HasSubstr("tocsin.yml:")) << "the place";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, ReceiversRefuse,
    ::testing::Values(
        Refusal{"NoList", "receivers: {a: b}", "expected a list"},
        Refusal{"NoMapping", "receivers: [a]", "expected a mapping"},
        Refusal{"NoName", "receivers: [{log_configs: []}]", "name"},
        Refusal{"SameName", "receivers: [{name: a}, {name: a}]", "a second receiver named \"a\""},
        Refusal{"UnknownKind", "receivers: [{name: a, slak_configs: []}]", "slack_configs"},
        Refusal{"UnsupportedKind", "receivers: [{name: a, pagerduty_configs: [{}]}]",
                "pagerduty_configs: not supported yet"},
        Refusal{"Audience", "receivers: [{name: a, audience: stakeholder}]",
                "audience: not supported yet"},
        Refusal{"Language", "receivers: [{name: a, language: ko}]", "language: not supported yet"},
        Refusal{"UnknownKey", "receivers: [{name: a, log_configs: [{mesage: x}]}]", "message"},
        Refusal{"WebhookWithoutUrl", "receivers: [{name: a, webhook_configs: [{}]}]",
                "url or url_file"},
        Refusal{"WebhookUrl", "receivers: [{name: a, webhook_configs: [{url: ftp://x}]}]",
                "http or https"},
        Refusal{"WebhookBothUrls",
                "receivers: [{name: a, webhook_configs: [{url: http://x/, url_file: y}]}]",
                "at most one of url and url_file"},
        Refusal{"MissingFile",
                "receivers: [{name: a, webhook_configs: [{url: http://x/, "
                "http_config: {basic_auth: {password_file: y}}}]}]",
                "no such file"},
        Refusal{"SlackWithoutUrl", "receivers: [{name: a, slack_configs: [{channel: b}]}]",
                "slack_api_url"},
        Refusal{"SlackBothWays",
                "receivers: [{name: a, slack_configs: [{api_url: http://x/, app_token: t}]}]",
                "at most one of api_url and app_token"},
        Refusal{"SlackField",
                "receivers: [{name: a, slack_configs: [{api_url: http://x/, "
                "fields: [{title: t}]}]}]",
                "value"},
        Refusal{"SlackAction",
                "receivers: [{name: a, slack_configs: [{api_url: http://x/, "
                "actions: [{type: button, text: t}]}]}]",
                "a url or a name"},
        Refusal{"MailWithoutTo",
                "global: {smtp_smarthost: 'm:25', smtp_from: a@b}\n"
                "receivers: [{name: a, email_configs: [{}]}]",
                "to"},
        Refusal{"MailWithoutFrom",
                "receivers: [{name: a, email_configs: [{to: a@b, smarthost: 'm:25'}]}]",
                "smtp_from"},
        Refusal{"MailWithoutRelay", "receivers: [{name: a, email_configs: [{to: a@b, from: a@b}]}]",
                "smtp_smarthost"},
        Refusal{"MailRelay",
                "receivers: [{name: a, email_configs: [{to: a@b, from: a@b, smarthost: m}]}]",
                "host:port"},
        Refusal{"MailHeader",
                "receivers: [{name: a, email_configs: [{to: a@b, from: a@b, "
                "smarthost: 'm:25', headers: {To: x@y, to: z@y}}]}]",
                "a second header"},
        Refusal{"ExecWithoutCommand", "receivers: [{name: a, exec_configs: [{}]}]", "the program"},
        Refusal{"ExecMissing", "receivers: [{name: a, exec_configs: [{command: [/no/such]}]}]",
                "command: expected a program, but \"/no/such\" does not exist"},
        Refusal{"ExecNotInPath", "receivers: [{name: a, exec_configs: [{command: [no-such]}]}]",
                "no \"no-such\" in PATH"},
        Refusal{"ExecRelative", "receivers: [{name: a, exec_configs: [{command: [bin/x]}]}]",
                "\"/etc/tocsin/bin/x\" does not exist"},
        Refusal{"PluginWithoutFile", "receivers: [{name: a, plugin_configs: [{path: x.so}]}]",
                "does not exist"},
        Refusal{"TwoWaysToLogIn",
                "receivers: [{name: a, webhook_configs: [{url: http://x/, http_config: "
                "{bearer_token: x, basic_auth: {username: y}}}]}]",
                "at most one of basic_auth"},
        Refusal{"Proxy",
                "receivers: [{name: a, webhook_configs: [{url: http://x/, http_config: "
                "{proxy_url: http://p}}]}]",
                "proxy_url: not supported yet"},
        Refusal{"HalfCertificate",
                "receivers: [{name: a, webhook_configs: [{url: http://x/, http_config: "
                "{tls_config: {cert_file: ''}}}]}, {name: a}]",
                "a second receiver"}),
    [](const auto& instance) { return instance.param.name; });

TEST(Receivers, ProgramsAreFoundAsTheyAreStarted) {
  const auto decoded = decode_config(
      "receivers: [{name: a, exec_configs: [{command: [page]}, {command: [hooks/page]}]}]",
      FakeFileSystem{{"/usr/bin/page", ""}, {"/etc/tocsin/hooks/page", ""}});
  ASSERT_THAT(decoded.problems, IsEmpty());
  const auto command = [&](std::size_t index) {
    const auto& named = decoded.receivers[0].integrations.at(index);
    return dynamic_cast<const exec::Exec&>(*named.integration).config().command.front();
  };
  EXPECT_EQ(command(0), "page") << "by PATH at each start";
  EXPECT_EQ(command(1), "/etc/tocsin/hooks/page");
}

TEST(Receivers, DefaultsOfUnsupportedKindsAreOnlyWarnedAbout) {
  const auto decoded =
      decode_config("global: {pagerduty_url: 'http://x/'}\nreceivers: [{name: a}]");
  EXPECT_THAT(decoded.problems, IsEmpty());
  EXPECT_EQ(decoded.warnings.size(), 1U);
}

TEST(NotifierRegistry, RefusesASecondBackendAndLateOnes) {
  Registry registry;
  EXPECT_TRUE(add_built_in(registry));
  EXPECT_EQ(registry.add(webhook::backend()).error().code(), base::ErrorCode::kAlreadyExists);
  registry.freeze();
  EXPECT_EQ(registry.add({"other", {}}).error().code(), base::ErrorCode::kInternal);
  EXPECT_EQ(registry.find("other"), nullptr);
}

}  // namespace
}  // namespace tocsin::notifiers
