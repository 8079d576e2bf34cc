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

// A queue whose length two rules judge, and somebody who is told.
class FullDisk : public ::testing::Test {
 protected:
  void start() {
    page_.set("queue_length 5\n");
    rig_.write("rules.yml", R"(
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
    rig_.write("tocsin.yml",
               "global: {evaluation_interval: 1s, no_data: keep}\nrule_files: "
               "[rules.yml]\nscrape_configs:\n" +
                   scrape_job("shop", page_.address()) + webhook_route(sink_.url()));
    rig_.start_ready();
    ASSERT_TRUE(eventually(20s, [&] { return rig_.query("queue_length") == 5; })) << rig_.log();
  }

  void detects_and_tells_without_the_journal() {
    page_.set("queue_length 50\n");
    ASSERT_TRUE(eventually(20s, [&] { return was_told(sink_, "firing", "QueueLong"); }))
        << rig_.log();
    EXPECT_EQ(rig_.metric("tocsin_journal_degraded"), 1);
    EXPECT_TRUE(eventually(5s, [&] { return rig_.metric("tocsin_blocks_writable") == 0; }))
        << "samples cannot be written either";
    EXPECT_EQ(rig_.get("/-/ready").status, 200);
    EXPECT_THAT(rig_.get("/-/ready").body, ::testing::HasSubstr("journal"));
    EXPECT_EQ(rig_.incidents().size(), 1U);
    page_.set("queue_length 500\n");
    ASSERT_TRUE(eventually(20s, [&] { return was_told(sink_, "firing", "QueueVeryLong"); }))
        << rig_.log();
    EXPECT_EQ(fired().size(), 0U);
  }

  void writes_the_backlog_and_comes_back_with_it() {
    EXPECT_TRUE(eventually(30s, [&] { return rig_.metric("tocsin_journal_degraded") == 0; }))
        << rig_.log();
    EXPECT_TRUE(eventually(30s, [&] { return rig_.metric("tocsin_blocks_writable") == 1; }))
        << rig_.log();
    EXPECT_EQ(fired().size(), 2U);
    rig_.process().kill();
    rig_.start_ready();
    EXPECT_EQ(rig_.alert_state("QueueVeryLong"), "firing");
    EXPECT_EQ(rig_.incidents().size(), 1U);
  }

  boost::json::array fired() const {
    return rig_.sql("select * from records where type = 'alert.fired'");
  }

  Rig rig_;
  PageServer page_;
  const HttpSink sink_;
};

TEST_F(FullDisk, DetectionAndNoticesGoOnAndTheBacklogIsWrittenLater) {
  constexpr std::size_t kBytes = 4 << 20;
  const SmallDisk disk(rig_.folder(), kBytes);
  if (!disk.mounted()) {
    GTEST_SKIP() << "this machine lets nobody mount a file system of his own";
  }
  rig_.store_on(disk);
  start();
  disk.fill();
  ASSERT_NO_FATAL_FAILURE(detects_and_tells_without_the_journal());
  EXPECT_THAT(rig_.log(), ::testing::HasSubstr("the journal refuses writes"));
  disk.free();
  writes_the_backlog_and_comes_back_with_it();
}

TEST_F(FullDisk, AStartOnItWatchesAllTheSame) {
  const SmallDisk disk(rig_.folder(), 4 << 20);
  if (!disk.mounted()) {
    GTEST_SKIP() << "this machine lets nobody mount a file system of his own";
  }
  rig_.store_on(disk);
  start();
  page_.set("queue_length 50\n");
  ASSERT_TRUE(eventually(20s, [&] { return rig_.alert_state("QueueLong") == "firing"; }));
  ASSERT_TRUE(eventually(20s, [&] { return was_told(sink_, "firing", "QueueLong"); }));
  disk.fill();
  rig_.process().kill();
  rig_.start_ready();
  EXPECT_EQ(rig_.alert_state("QueueLong"), "firing");
  page_.set("queue_length 500\n");
  ASSERT_TRUE(eventually(20s, [&] { return was_told(sink_, "firing", "QueueVeryLong"); }))
      << rig_.log();
  EXPECT_EQ(rig_.incidents().size(), 1U);
  disk.free();
  writes_the_backlog_and_comes_back_with_it();
}

TEST_F(FullDisk, FilesThatMayNotGrowAreNoDifferent) {
  // Programs inherit this: a write beyond the limit then fails instead of killing.
  std::signal(SIGXFSZ, SIG_IGN);
  start();
  limit_files(rig_.process().pid(), 1);
  ASSERT_NO_FATAL_FAILURE(detects_and_tells_without_the_journal());
  limit_files(rig_.process().pid(), RLIM_INFINITY);
  writes_the_backlog_and_comes_back_with_it();
}

}  // namespace
}  // namespace tocsin::testing
