#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "integration/daemon/rig.h"

namespace tocsin::testing {
namespace {

/// A disk that is full from now on, or no longer: no file may grow beyond this many bytes.
void limit_files(pid_t pid, rlim_t bytes) {
  rlimit limit{};
  ASSERT_EQ(prlimit(pid, RLIMIT_FSIZE, nullptr, &limit), 0);
  limit.rlim_cur = bytes;
  ASSERT_EQ(prlimit(pid, RLIMIT_FSIZE, &limit, nullptr), 0);
}

TEST(FullDisk, DetectionAndNoticesGoOnAndTheBacklogIsWrittenLater) {
  // Programs inherit this: a write beyond the limit then fails instead of killing.
  std::signal(SIGXFSZ, SIG_IGN);
  Rig rig;
  PageServer page;
  const HttpSink sink;
  page.set("queue_length 5\n");
  rig.write("rules.yml", R"(
groups:
  - name: shop
    rules:
      - alert: QueueLong
        expr: queue_length > 10
        labels: {severity: critical, service: shop}
      - alert: QueueVeryLong
        expr: queue_length > 100
        labels: {severity: critical, service: shop}
)");
  rig.write("tocsin.yml",
            "global: {evaluation_interval: 1s, no_data: keep}\nrule_files: "
            "[rules.yml]\nscrape_configs:\n" +
                scrape_job("shop", page.address()) + webhook_route(sink.url()));
  rig.start_ready();
  ASSERT_TRUE(eventually(10s, [&] { return rig.query("queue_length") == 5; })) << rig.log();

  limit_files(rig.process().pid(), 1);
  page.set("queue_length 50\n");
  ASSERT_TRUE(eventually(20s, [&] { return was_told(sink, "firing", "QueueLong"); })) << rig.log();
  EXPECT_EQ(rig.metric("tocsin_journal_degraded"), 1);
  EXPECT_EQ(rig.get("/-/ready").status, 200);
  EXPECT_THAT(rig.get("/-/ready").body, ::testing::HasSubstr("journal"));
  EXPECT_EQ(rig.incidents().size(), 1U);
  page.set("queue_length 500\n");
  ASSERT_TRUE(eventually(20s, [&] { return was_told(sink, "firing", "QueueVeryLong"); }))
      << rig.log();
  EXPECT_EQ(rig.sql("select * from records where type = 'alert.fired'").size(), 0U);

  limit_files(rig.process().pid(), RLIM_INFINITY);
  EXPECT_TRUE(eventually(30s, [&] { return rig.metric("tocsin_journal_degraded") == 0; }))
      << rig.log();
  EXPECT_EQ(rig.sql("select * from records where type = 'alert.fired'").size(), 2U);
  rig.process().kill();
  rig.start_ready();
  EXPECT_EQ(rig.alert_state("QueueVeryLong"), "firing");
  EXPECT_EQ(rig.incidents().size(), 1U);
}

}  // namespace
}  // namespace tocsin::testing
