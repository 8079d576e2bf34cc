#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <csignal>

#include "integration/daemon/rig.h"

namespace tocsin::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* kRules = R"(
groups:
  - name: shop
    rules:
      - alert: QueueLong
        expr: queue_length > 10
        labels: {severity: critical, service: shop}
)";

class Lifecycle : public ::testing::Test {
 protected:
  void configure(const std::string& more_jobs, const std::string& webhook) {
    page_.set("queue_length 50\n");
    rig_.write("rules.yml", kRules);
    rig_.write("tocsin.yml",
               "global: {evaluation_interval: 1s, no_data: keep}\nrule_files: "
               "[rules.yml]\nscrape_configs:\n" +
                   scrape_job("shop", page_.address()) + more_jobs + webhook_route(webhook));
  }

  Rig rig_;
  PageServer page_;
  HttpSink sink_;
};

TEST_F(Lifecycle, SignalsEndItSoonThoughEverybodyHangs) {
  const TcpServer hanging([](Connection& connection) { connection.wait_for_end(); });
  std::atomic<int> asked = 0;
  const HttpServer mute([&asked](const HttpMessage&, Connection& connection) {
    ++asked;
    connection.wait_for_end();
  });
  configure(
      "  - job_name: slow\n    scrape_interval: 30s\n    scrape_timeout: 30s\n"
      "    static_configs: [{targets: [\"" +
          hanging.address() + "\"]}]\n",
      mute.url("/"));
  for (const int signal : {SIGTERM, SIGINT}) {
    const int before = asked;
    rig_.start_ready();
    ASSERT_TRUE(eventually(20s, [&] { return asked > before; })) << rig_.log();
    rig_.process().signal(signal);
    EXPECT_EQ(rig_.process().wait(5s), 0) << rig_.log();
  }
  EXPECT_EQ(rig_.sql("select * from records where type = 'delivery.delivered'").size(), 0U);
}

TEST_F(Lifecycle, ASecondStartKeepsIncidentsAndAlerts) {
  configure("", sink_.url());
  rig_.start_ready();
  ASSERT_TRUE(eventually(20s, [this] { return was_told(sink_, "firing", "QueueLong"); }))
      << rig_.log();
  const std::string since = text_at(rig_.json("/api/v1/alerts"), "/data/alerts/0/activeAt");
  const boost::json::array before = rig_.incidents();
  ASSERT_EQ(rig_.stop(), 0) << rig_.log();

  rig_.start_ready();
  EXPECT_EQ(rig_.alert_state("QueueLong"), "firing") << "known before the first poll";
  const std::size_t polls = page_.polls();
  ASSERT_TRUE(eventually(20s, [&] { return page_.polls() >= polls + 5; }));
  EXPECT_EQ(text_at(rig_.json("/api/v1/alerts"), "/data/alerts/0/activeAt"), since);
  const boost::json::array after = rig_.incidents();
  ASSERT_EQ(before.size(), 1U);
  ASSERT_EQ(after.size(), 1U);
  EXPECT_EQ(text_at(after[0], "/id"), text_at(before[0], "/id"));
  EXPECT_EQ(text_at(after[0], "/detectedAt"), text_at(before[0], "/detectedAt"));
  EXPECT_EQ(heard(sink_).size(), 1U) << "nothing new to tell";

  page_.set("queue_length 5\n");
  EXPECT_TRUE(eventually(20s, [this] { return was_told(sink_, "resolved", "QueueLong"); }))
      << rig_.log();
  EXPECT_EQ(rig_.stop(), 0);
}

TEST_F(Lifecycle, TwoDaemonsDoNotShareOneFile) {
  configure("", sink_.url());
  rig_.start_ready();
  const std::string storage = "sqlite:" + rig_.path("tocsin.db");
  const Finished second = tocsin({"run", "--config", rig_.path("tocsin.yml"), "--storage", storage,
                                  "--listen", "127.0.0.1:0"});
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_THAT(second.output, HasSubstr("storage: "));
  EXPECT_THAT(second.output, HasSubstr("another"));
  const std::size_t polls = page_.polls();
  EXPECT_TRUE(eventually(20s, [&] { return page_.polls() > polls + 2; })) << rig_.log();
  EXPECT_EQ(rig_.stop(), 0);
}

TEST_F(Lifecycle, TheServiceManagerIsTold) {
  NotifySocket manager(rig_.folder());
  configure("", sink_.url());
  rig_.start_ready({}, {{"NOTIFY_SOCKET", manager.path()}, {"WATCHDOG_USEC", "900000"}});
  EXPECT_TRUE(eventually(20s, [&] { return manager.has("READY=1"); }));
  EXPECT_TRUE(eventually(20s, [&] { return manager.has("WATCHDOG=1"); }));
  rig_.process().signal(SIGHUP);
  EXPECT_TRUE(eventually(20s, [&] { return manager.has("RELOADING=1\nMONOTONIC_USEC="); }));
  EXPECT_TRUE(eventually(20s, [&] {
    const auto& messages = manager.messages();
    const auto reloading = std::ranges::find_if(
        messages, [](const std::string& text) { return text.starts_with("RELOADING=1"); });
    return std::any_of(reloading, messages.end(),
                       [](const std::string& text) { return text.starts_with("READY=1"); });
  }));
  const auto alive = [&manager] {
    return std::ranges::count(manager.messages(), std::string("WATCHDOG=1"));
  };
  const auto before = alive();
  EXPECT_TRUE(eventually(20s, [&] { return alive() >= before + 3; }));
  EXPECT_EQ(rig_.stop(), 0);
  EXPECT_TRUE(manager.has("STOPPING=1"));
}

TEST_F(Lifecycle, TheWatchdogIsFedOnlyWhenThereIsOne) {
  NotifySocket manager(rig_.folder());
  configure("", sink_.url());
  rig_.start_ready({}, {{"NOTIFY_SOCKET", manager.path()}});
  EXPECT_TRUE(eventually(20s, [&] { return manager.has("READY=1"); }));
  const std::size_t polls = page_.polls();
  ASSERT_TRUE(eventually(20s, [&] { return page_.polls() > polls + 5; }));
  EXPECT_FALSE(manager.has("WATCHDOG=1")) << "nobody asked for it";
}

}  // namespace
}  // namespace tocsin::testing
