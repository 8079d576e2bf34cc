#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>

#include "integration/daemon/rig.h"
#include "support/stuck_disk.h"

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
class OnADisk : public ::testing::Test {
 protected:
  void start(const std::map<std::string, std::string>& environment = {}) {
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
    rig_.start_ready({}, environment);
    ASSERT_TRUE(eventually(20s, [&] { return rig_.query("queue_length") == 5; })) << rig_.log();
  }

  void writes_the_backlog_and_comes_back_with_it() {
    EXPECT_TRUE(eventually(60s, [&] { return rig_.metric("tocsin_journal_degraded") == 0; }))
        << rig_.log();
    EXPECT_TRUE(eventually(60s, [&] { return rig_.metric("tocsin_blocks_writable") == 1; }))
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

class FullDisk : public OnADisk {
 protected:
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

// Writes hang from the moment that it sticks, and nothing says so.
class DiskThatNeverAnswers : public OnADisk {
 protected:
  void start_with_switch(std::map<std::string, std::string> environment = {}) {
    environment["LD_PRELOAD"] = std::string(TOCSIN_BINARY_DIR) + "/tests/libtocsin_stuck_disk.so";
    environment[StuckDisk::kVariable] = disk_.path();
    start(environment);
  }

  const StuckDisk disk_{rig_.folder()};
};

TEST_F(DiskThatNeverAnswers, DetectionAndNoticesGoOnAndTheBacklogIsWrittenLater) {
  start_with_switch();
  disk_.stick();
  page_.set("queue_length 50\n");
  ASSERT_TRUE(eventually(20s, [&] { return was_told(sink_, "firing", "QueueLong"); }))
      << rig_.log();
  EXPECT_EQ(rig_.metric("tocsin_journal_degraded"), 1);
  EXPECT_THAT(rig_.get("/-/ready").body, ::testing::HasSubstr("journal"));
  const boost::json::value listed = rig_.json("/tocsin/v1/incidents");
  EXPECT_EQ(count_at(listed, "/data/incidents"), 1U);
  EXPECT_THAT(text_at(listed, "/warnings/0"), ::testing::HasSubstr("the journal does not answer"));
  EXPECT_EQ(rig_.get("/tocsin/v1/incidents/INC-1").status, 200);
  EXPECT_EQ(rig_.get("/tocsin/v1/incidents/INC-9").status, 503);
  page_.set("queue_length 500\n");
  ASSERT_TRUE(eventually(20s, [&] { return was_told(sink_, "firing", "QueueVeryLong"); }))
      << rig_.log();
  EXPECT_TRUE(eventually(60s, [&] { return rig_.metric("tocsin_blocks_writable") == 0; }))
      << "the keeper's patience is 20 s";
  EXPECT_EQ(rig_.query("queue_length"), 500);

  disk_.release();
  writes_the_backlog_and_comes_back_with_it();
}

TEST_F(DiskThatNeverAnswers, TheWatchdogIsFedAllTheSame) {
  NotifySocket manager(rig_.folder());
  start_with_switch({{"NOTIFY_SOCKET", manager.path()}, {"WATCHDOG_USEC", "900000"}});
  disk_.stick();
  page_.set("queue_length 50\n");
  ASSERT_TRUE(eventually(20s, [&] { return rig_.metric("tocsin_journal_degraded") == 1; }))
      << rig_.log();
  const auto alive = [&manager] {
    return std::ranges::count(manager.messages(), std::string("WATCHDOG=1"));
  };
  const auto before = alive();
  EXPECT_TRUE(eventually(20s, [&] { return alive() >= before + 3; })) << rig_.log();
  disk_.release();
  EXPECT_TRUE(eventually(20s, [&] { return rig_.metric("tocsin_journal_degraded") == 0; }))
      << rig_.log();
}

TEST_F(DiskThatNeverAnswers, ItEndsWithinItsTime) {
  start_with_switch();
  disk_.stick();
  page_.set("queue_length 50\n");
  ASSERT_TRUE(eventually(20s, [&] { return was_told(sink_, "firing", "QueueLong"); }))
      << rig_.log();
  rig_.process().signal(SIGTERM);
  EXPECT_TRUE(rig_.process().wait(10s).has_value()) << rig_.log();
  EXPECT_THAT(rig_.log(), ::testing::HasSubstr("not everything could be written"));
  EXPECT_THAT(rig_.log(), ::testing::HasSubstr("the last samples could not be written"));
  // What could not be written is found again by the next poll, and told once more at the most.
  disk_.release();
  rig_.start_ready();
  EXPECT_TRUE(eventually(20s, [&] { return rig_.alert_state("QueueLong") == "firing"; }));
  EXPECT_EQ(rig_.incidents().size(), 1U);
}

}  // namespace
}  // namespace tocsin::testing
