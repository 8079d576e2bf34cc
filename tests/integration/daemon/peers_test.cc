#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <memory>

#include "integration/daemon/rig.h"

namespace tocsin::testing {
namespace {

/// The programs of Debian that tocsin watches here.
class RealPeers : public ::testing::Test {
 protected:
  void start_nginx() {
    const std::string folder = rig_.path("nginx");
    std::filesystem::create_directories(folder);
    rig_.write("nginx/page",
               "# TYPE shop_orders_total counter\nshop_orders_total 42\nshop_up_to_date 1\n");
    rig_.write("nginx/nginx.conf",
               "daemon off;\nmaster_process off;\npid " + folder + "/pid;\nerror_log " + folder +
                   "/error.log;\nevents {}\nhttp {\n  access_log off;\n  client_body_temp_path " +
                   folder + ";\n  proxy_temp_path " + folder + ";\n  fastcgi_temp_path " + folder +
                   ";\n  uwsgi_temp_path " + folder + ";\n  scgi_temp_path " + folder +
                   ";\n  server {\n    listen 127.0.0.1:" + std::to_string(nginx_port_) +
                   ";\n    location = /metrics { default_type text/plain; alias " + folder +
                   "/page; }\n    location = /status { stub_status; }\n  }\n}\n");
    nginx_ = std::make_unique<Process>(
        ProcessOptions{.argv = {"/usr/sbin/nginx", "-p", folder, "-c", folder + "/nginx.conf"},
                       .environment = {}});
  }

  void start_peers() {
    start_nginx();
    node_exporter_ = std::make_unique<Process>(
        ProcessOptions{.argv = {"prometheus-node-exporter",
                                "--web.listen-address=127.0.0.1:" + std::to_string(node_port_)},
                       .environment = {}});
    rig_.write("prometheus.yml", "global: {scrape_interval: 1h}\n");
    prometheus_ = std::make_unique<Process>(ProcessOptions{
        .argv = {"prometheus", "--config.file=" + rig_.path("prometheus.yml"),
                 "--storage.tsdb.path=" + rig_.path("tsdb"),
                 "--web.listen-address=127.0.0.1:" + std::to_string(prometheus_port_)},
        .environment = {}});
  }

  void configure() {
    const auto local = [](std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); };
    rig_.write("rules.yml", R"(
groups:
  - name: peers
    rules:
      - record: job:targets:up
        expr: sum by (job) (up)
      - alert: TargetDown
        expr: up == 0
        labels: {severity: critical, service: shop, category: system}
        annotations:
          summary: "{{ $labels.job }} is down"
          impact: "nobody can order"
)");
    rig_.write("tocsin.yml",
               "global: {evaluation_interval: 1s, smtp_smarthost: \"" + smtp_.address() +
                   "\", smtp_from: \"tocsin@localhost\", smtp_require_tls: false}\n"
                   "rule_files: [rules.yml]\nscrape_configs:\n" +
                   scrape_job("nginx", local(nginx_port_)) +
                   "  - job_name: node\n    scrape_interval: 1s\n    static_configs:\n"
                   "      - targets: [\"" +
                   local(node_port_) +
                   "\"]\n"
                   "  - job_name: prometheus\n    scrape_interval: 1s\n    static_configs:\n"
                   "      - targets: [\"" +
                   local(prometheus_port_) + "\"]\n" +
                   webhook_route(sink_.url(),
                                 "    email_configs:\n"
                                 "      - {to: \"ops@localhost\", send_resolved: true}\n") +
                   "incidents: {resolve_after: 10m}\n");
  }

  /// Whether a mail says this of nginx; its lines are folded as quoted-printable does.
  bool mailed(const std::string& status) const {
    for (Mail mail : smtp_.mails()) {
      for (std::size_t fold = 0; (fold = mail.text.find("=\n")) != std::string::npos;) {
        mail.text.erase(fold, 2);
      }
      const auto said = mail.text.find(status);
      if (said != std::string::npos && mail.text.find("nginx is down", said) != std::string::npos) {
        return true;
      }
    }
    return false;
  }

  std::string incident_state() const {
    const boost::json::array incidents = rig_.incidents();
    return incidents.size() == 1 ? text_at(incidents[0], "/state") : "";
  }

  Rig rig_;
  HttpSink sink_;
  SmtpSink smtp_;
  std::uint16_t nginx_port_ = free_port();
  std::uint16_t node_port_ = free_port();
  std::uint16_t prometheus_port_ = free_port();
  std::unique_ptr<Process> nginx_;
  std::unique_ptr<Process> node_exporter_;
  std::unique_ptr<Process> prometheus_;
};

TEST_F(RealPeers, AreWatchedAndTheirFallAndRiseIsTold) {
  start_peers();
  configure();
  const auto up = [this] { return rig_.holds("sum(up) == 3"); };
  rig_.start_ready();
  ASSERT_TRUE(eventually(20s, up)) << rig_.log() << prometheus_->output();
  EXPECT_EQ(rig_.query("shop_orders_total"), 42);
  EXPECT_TRUE(rig_.holds("node_memory_MemTotal_bytes > 0"));
  EXPECT_TRUE(rig_.holds("prometheus_build_info"));
  EXPECT_TRUE(rig_.holds("count({job=\"node\"}) > 300"));
  ASSERT_TRUE(eventually(20s, [this] { return rig_.holds("job:targets:up{job=\"nginx\"} == 1"); }));
  // A peer that was not there at the start is no incident of this test.
  const std::size_t before = sink_.requests().size();
  ASSERT_EQ(rig_.alert_state("TargetDown"), "") << rig_.log();

  nginx_->kill();
  ASSERT_TRUE(eventually(20s, [this] { return was_told(sink_, "firing", "TargetDown"); }))
      << rig_.log();
  ASSERT_GT(sink_.requests().size(), before);
  EXPECT_EQ(rig_.alert_state("TargetDown"), "firing");
  EXPECT_EQ(text_at(rig_.target(std::to_string(nginx_port_)), "/health"), "down");
  EXPECT_NE(text_at(rig_.target(std::to_string(nginx_port_)), "/lastError"), "");
  EXPECT_EQ(text_at(rig_.target(std::to_string(node_port_)), "/health"), "up");
  EXPECT_TRUE(eventually(20s, [this] { return mailed("FIRING"); }))
      << rig_.log() << (smtp_.mails().empty() ? "no mail" : smtp_.mails()[0].text);
  EXPECT_EQ(incident_state(), "open");
  EXPECT_FALSE(rig_.holds("shop_orders_total")) << "stale after a failed poll";

  start_nginx();
  ASSERT_TRUE(eventually(20s, [this] { return was_told(sink_, "resolved", "TargetDown"); }))
      << rig_.log();
  EXPECT_TRUE(eventually(20s, [this] { return mailed("RESOLVED"); })) << rig_.log();
  EXPECT_TRUE(eventually(20s, [this] { return incident_state() == "mitigated"; }));
  EXPECT_EQ(rig_.alert_state("TargetDown"), "");
  EXPECT_EQ(rig_.stop(), 0);
}

TEST_F(RealPeers, MetricsOfItsOwnPassPromtool) {
  rig_.write("tocsin.yml", "sources: [{self: {interval: 1s}}, {system: {interval: 1s}}]\n" +
                               webhook_route(sink_.url()));
  rig_.start_ready();
  ASSERT_TRUE(eventually(20s, [this] { return rig_.holds("tocsin_build_info"); })) << rig_.log();
  const HttpMessage page = rig_.get("/metrics");
  ASSERT_EQ(page.status, 200);
  rig_.write("page.prom", page.body);
  const Finished checked =
      run_program({.argv = {"sh", "-c", "promtool check metrics < " + rig_.path("page.prom")},
                   .environment = {}});
  EXPECT_EQ(checked.exit_code, 0) << checked.output;
  EXPECT_EQ(tocsin({"check", "metrics", rig_.path("page.prom")}).exit_code, 0);
}

}  // namespace
}  // namespace tocsin::testing
