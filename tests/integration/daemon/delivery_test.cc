#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>

#include "integration/daemon/rig.h"

namespace tocsin::testing {
namespace {

/// One alert and what becomes of its notices.
class Delivery : public ::testing::Test {
 protected:
  void configure(const std::string& webhook, const std::string& more = {}) {
    page_.set("queue_length 50\n");
    rig_.write("rules.yml", R"(
groups:
  - name: shop
    rules:
      - alert: QueueLong
        expr: queue_length > 10
        labels: {severity: critical, service: shop}
        annotations: {summary: "long"}
)");
    rig_.write("tocsin.yml",
               "global: {evaluation_interval: 1s, no_data: keep, external_labels: {site: test}}\n"
               "rule_files: [rules.yml]\nscrape_configs:\n" +
                   scrape_job("shop", page_.address()) + webhook_route(webhook) + more);
  }
  std::size_t records(const std::string& type) const {
    return rig_.sql("select sequence from records where type = '" + type + "'").size();
  }

  Rig rig_;
  PageServer page_;
};

TEST_F(Delivery, IsRetriedUnderTheSameKeyUntilItSucceeds) {
  const HttpSink sink([](std::size_t number, const HttpMessage&) {
    return http_answer(number < 2 ? 500 : 200, "");
  });
  configure(sink.url());
  rig_.start_ready();
  ASSERT_TRUE(eventually(20s, [&] { return sink.requests().size() >= 3; })) << rig_.log();
  const std::vector<Heard> notices = heard(sink);
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_NE(notices[0].key, "");
  EXPECT_EQ(notices[0].times, 3U);
  const auto requests = sink.requests();
  EXPECT_EQ(requests[0].body, requests[2].body);
  EXPECT_EQ(requests[0].header("content-type"), "application/json");
  EXPECT_TRUE(eventually(20s, [this] { return records("delivery.delivered") == 1; }));
  EXPECT_EQ(records("delivery.failed"), 2U);
  EXPECT_TRUE(
      eventually(20s, [this] { return rig_.metric("tocsin_routing_outbox_notices") == 0; }));
}

TEST_F(Delivery, WaitsAsLongAsItIsAskedTo) {
  const HttpSink sink([](std::size_t number, const HttpMessage&) {
    return number == 0 ? http_answer(429, "", "Retry-After: 3\r\n") : http_answer(200, "");
  });
  configure(sink.url());
  rig_.start_ready();
  ASSERT_TRUE(eventually(20s, [&] { return sink.requests().size() >= 2; })) << rig_.log();
  const auto requests = sink.requests();
  EXPECT_GE(requests[1].at - requests[0].at, 2900ms);
  EXPECT_EQ(requests[0].header("idempotency-key"), requests[1].header("idempotency-key"));
}

TEST_F(Delivery, IsToldAnewWhenRefused) {
  const HttpSink sink([](std::size_t number, const HttpMessage&) {
    return http_answer(number == 0 ? 400 : 200, "no such room");
  });
  configure(sink.url());
  rig_.start_ready();
  ASSERT_TRUE(eventually(20s, [this] { return records("delivery.refused") == 1; })) << rig_.log();
  const auto reason = rig_.sql(
      "select json_extract(payload, '$.reason') as reason from records "
      "where type = 'delivery.refused'");
  EXPECT_THAT(text_at(reason[0], "/reason"), ::testing::HasSubstr("400"));
  EXPECT_EQ(records("incident.notice_refused"), 1U);
  ASSERT_TRUE(eventually(20s, [&] { return records("delivery.delivered") == 1; })) << rig_.log();
  const auto requests = sink.requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_NE(requests[0].header("idempotency-key"), requests[1].header("idempotency-key"));
  page_.set("queue_length 1\n");
  ASSERT_TRUE(eventually(20s, [&] { return was_told(sink, "resolved", "QueueLong"); }))
      << rig_.log();
  EXPECT_EQ(sink.requests().size(), 3U);
}

TEST_F(Delivery, IsWithheldInTheShadow) {
  const HttpSink sink;
  configure(sink.url());
  rig_.start_ready({"--shadow"});
  ASSERT_TRUE(eventually(20s, [this] { return records("notice.withheld") == 1; })) << rig_.log();
  page_.set("queue_length 1\n");
  ASSERT_TRUE(eventually(20s, [this] { return records("notice.withheld") == 2; })) << rig_.log();
  EXPECT_EQ(rig_.incidents().size(), 1U);
  EXPECT_EQ(sink.requests().size(), 0U);
  ASSERT_EQ(rig_.stop(), 0);
  // Coming out of the shadow tells nothing of what was.
  rig_.start_ready();
  const std::size_t polls = page_.polls();
  ASSERT_TRUE(eventually(20s, [&] { return page_.polls() >= polls + 5; }));
  EXPECT_EQ(sink.requests().size(), 0U);
}

/// Debian's Alertmanager behind `alerting:`.
class Forwarding : public Delivery {
 protected:
  void start_alertmanager() {
    rig_.write("alertmanager.yml", "route: {receiver: none}\nreceivers: [{name: none}]\n");
    alertmanager_ = std::make_unique<Process>(ProcessOptions{
        .argv = {"prometheus-alertmanager", "--config.file=" + rig_.path("alertmanager.yml"),
                 "--storage.path=" + rig_.path("alertmanager"), "--cluster.listen-address=",
                 "--web.listen-address=127.0.0.1:" + std::to_string(port_)},
        .environment = {}});
  }
  /// The alerts that the Alertmanager holds for active.
  boost::json::array alerts() const {
    const HttpMessage answer = http_call(
        {.port = port_, .target = "/api/v2/alerts?active=true", .headers = {}, .body = ""});
    boost::json::error_code failed;
    const boost::json::value value = boost::json::parse(answer.body, failed);
    return value.is_array() ? value.get_array() : boost::json::array();
  }

  std::uint16_t port_ = free_port();
  std::unique_ptr<Process> alertmanager_;
};

TEST_F(Forwarding, AlertsComeAndGoInARealAlertmanager) {
  const HttpSink sink;
  configure(sink.url(),
            "alerting:\n  alertmanagers:\n    - static_configs: [{targets: [\"127.0.0.1:" +
                std::to_string(port_) + "\"]}]\n");
  start_alertmanager();
  ASSERT_TRUE(eventually(20s, [this] {
    return http_call({.port = port_, .target = "/-/ready", .headers = {}, .body = ""}).status ==
           200;
  })) << alertmanager_->output();
  rig_.start_ready();
  ASSERT_TRUE(eventually(20s, [this] { return alerts().size() == 1; })) << rig_.log();
  const boost::json::array held = alerts();
  EXPECT_EQ(text_at(held[0], "/labels/alertname"), "QueueLong");
  EXPECT_EQ(text_at(held[0], "/labels/site"), "test") << "external labels are added";
  EXPECT_EQ(text_at(held[0], "/annotations/summary"), "long");
  page_.set("queue_length 1\n");
  EXPECT_TRUE(eventually(20s, [this] { return alerts().empty(); })) << rig_.log();
  EXPECT_EQ(rig_.stop(), 0);
}

}  // namespace
}  // namespace tocsin::testing
