#include "app/config_redaction.h"

#include <gtest/gtest.h>

namespace tocsin::app {
namespace {

TEST(RedactedConfig, LeavesSecretsOut) {
  EXPECT_EQ(redacted_config(R"(
# A comment.
global:
  smtp_auth_password: hunter2
  smtp_auth_password_file: /etc/smtp
  slack_api_url: "https://hooks.example/abc"
  external_labels: {site: "seoul"}
storage: {url: "postgresql://tocsin:pw@db/tocsin?x=a@b"}
web:
  bearer_tokens:
    - {name: grafana, token_file: /etc/grafana.token}
scrape_configs:
  - job_name: shop
    authorization: {credentials: "${TOKEN}"}
    basic_auth: {username: me, password: p}
    http_headers: {X-Key: {secrets: [a, b]}}
    static_configs: [{targets: ["a:1", 'b:2']}]
receivers:
  - name: people
    webhook_configs:
      - url: http://a.example/hook?key=1
        send_resolved: true
    exec_configs: []
)"),
            R"(global:
  smtp_auth_password: <secret>
  smtp_auth_password_file: /etc/smtp
  slack_api_url: <secret>
  external_labels:
    site: "seoul"
storage:
  url: "postgresql://<secret>@db/tocsin?x=a@b"
web:
  bearer_tokens:
    - name: grafana
      token_file: /etc/grafana.token
scrape_configs:
  - job_name: shop
    authorization:
      credentials: <secret>
    basic_auth:
      username: me
      password: <secret>
    http_headers:
      X-Key:
        secrets:
          - <secret>
          - <secret>
    static_configs:
      - targets:
          - "a:1"
          - "b:2"
receivers:
  - name: people
    webhook_configs:
      - url: <secret>
        send_resolved: true
    exec_configs: []
)");
}

TEST(RedactedConfig, WritesOddValuesSoThatTheyCanBeReadAgain) {
  EXPECT_EQ(redacted_config("a: |\n  one\n  two\nb:\nc: {}\nd: ''\ne: [[1, 2], [{f: g}]]\n"),
            R"(a: "one\ntwo\n"
b: null
c: {}
d: ""
e:
  -
    - 1
    - 2
  -
    - f: g
)");
  EXPECT_EQ(redacted_config("a: ["), "");
}

}  // namespace
}  // namespace tocsin::app
