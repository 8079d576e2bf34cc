// What targets, clocks, disks and restarts do to samples, and that the rest goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <csignal>

#include "integration/daemon/rig.h"

namespace tocsin::testing {
namespace {

class Samples : public ::testing::Test {
 protected:
  /// Watches a target that is well beside one whose pages `page` makes, the first with number 1.
  void watch(std::function<std::string(int)> page, const std::string& storage = "{}") {
    good_.set("good_metric 1\n");
    bad_ = std::make_unique<HttpServer>(
        [this, page = std::move(page)](const HttpMessage&, Connection& connection) {
          connection.send(
              http_answer(200, page(++pages_), "Content-Type: text/plain; version=0.0.4\r\n"));
        });
    rig_.write("rules.yml",
               "groups: [{name: g, rules: [{alert: GoodHigh, expr: good_metric > 10}]}]\n");
    rig_.write("tocsin.yml",
               "storage: " + storage + "\nrule_files: [rules.yml]\nscrape_configs:\n" +
                   scrape_job("good", good_.address()) + scrape_job("bad", bad_->address()) +
                   webhook_route("http://127.0.0.1:1/"));
    rig_.start_ready();
  }

  /// The one that is well is watched as if nothing were the matter.
  void expect_detection() {
    good_.set("good_metric 50\n");
    EXPECT_TRUE(eventually(10s, [this] { return rig_.alert_state("GoodHigh") == "firing"; }))
        << rig_.log();
    EXPECT_EQ(rig_.query("up{job=\"bad\"}"), 1);
  }

  bool counted(const std::string& metric) const { return rig_.metric(metric).value_or(0) > 0; }

  std::string series_file() const { return rig_.path("tocsin-series.db"); }
  void meddle(const std::string& sql) const {
    const Finished ran = run_program({.argv = {"sqlite3", series_file(), sql}, .environment = {}});
    EXPECT_EQ(ran.exit_code, 0) << ran.output;
  }

  Rig rig_;
  PageServer good_;
  std::atomic<int> pages_ = 0;
  std::unique_ptr<HttpServer> bad_;
};

TEST_F(Samples, AnExplosionOfSeriesIsStoppedByTheLimit) {
  watch(
      [](int number) {
        std::string page = "known_metric " + std::to_string(number) + "\n";
        for (int i = 0; i < 400; ++i) {
          page += "bad_metric{request_id=\"" + std::to_string(number * 1000 + i) + "\"} 1\n";
        }
        return page;
      },
      "{max_series: 1000}");
  ASSERT_TRUE(eventually(20s, [this] {
    return counted("tocsin_series_refused_total{reason=\"series_limit\"}");
  })) << rig_.log();
  expect_detection();
  // What rules write comes on top: ALERTS and ALERTS_FOR_STATE of the alert that fired.
  EXPECT_LE(rig_.metric("tocsin_series_live"), 1000 + 2);
  const int before = pages_;
  EXPECT_TRUE(eventually(10s, [&] { return rig_.query("known_metric") > before; }))
      << "known series go on";
}

TEST_F(Samples, ATargetThatChangesItsLayoutOnEachPageIsReadRight) {
  watch([](int number) {
    // Another order, other spaces, a series that comes and one that goes.
    std::string page;
    for (int i = 0; i < 40; ++i) {
      const int line = (i * 7 + number) % 40;
      page += "bad_metric{line=\"" + std::to_string(line) + "\"}" +
              std::string(static_cast<std::size_t>(1 + number % 3), ' ') +
              std::to_string(number * 100 + line) + "\n";
    }
    return page + "fresh_metric{number=\"" + std::to_string(number) + "\"} 1\n";
  });
  EXPECT_TRUE(eventually(10s, [this] {
    return rig_.query("scrape_series_added{job=\"bad\"}") == 1;
  })) << "what a page brings is counted";
  // One page's values stand together, however it was laid out.
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(rig_.query("count(bad_metric)"), 40);
    EXPECT_EQ(rig_.query("max(bad_metric) - min(bad_metric)"), 39);
    EXPECT_EQ(rig_.query("count(fresh_metric)"), 1) << "the one before is stale";
    const int before = pages_;
    EXPECT_TRUE(eventually(5s, [&] { return pages_ > before + 1; }));
  }
  EXPECT_GT(rig_.metric("tocsin_sources_pages_total{layout=\"changed\"}"), 4) << "and counted";
  EXPECT_GT(rig_.metric("tocsin_sources_pages_total{layout=\"same\"}"), 4) << "the other target";
  EXPECT_EQ(rig_.metric("tocsin_sources_pages_total{layout=\"new\"}"), 2);
  EXPECT_GT(rig_.metric("tocsin_sources_lines_total{read=\"parsed\"}"), 4 * 41);
  expect_detection();
}

TEST_F(Samples, OfTheFutureAreRefusedAndCounted) {
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  const std::string later = std::to_string((now + std::chrono::hours(2)).count());
  watch([later](int number) {
    return "bad_metric 1 " + later + "\nright_metric " + std::to_string(number) + "\n";
  });
  EXPECT_TRUE(eventually(10s, [this] {
    return counted("tocsin_series_refused_total{reason=\"out_of_bounds\"}");
  })) << rig_.log();
  EXPECT_TRUE(eventually(10s, [this] { return rig_.holds("right_metric"); }));
  EXPECT_FALSE(rig_.holds("bad_metric"));
  expect_detection();
}

TEST_F(Samples, ThatCannotBeWrittenAreNamed) {
  // Programs inherit this: a write beyond the limit then fails instead of killing.
  std::signal(SIGXFSZ, SIG_IGN);
  watch([](int number) { return "right_metric " + std::to_string(number) + "\n"; });
  const auto named = [this] {
    const HttpMessage ready = rig_.get("/-/ready");
    EXPECT_EQ(ready.status, 200);
    return ready.body.find("Samples cannot be written") != std::string::npos;
  };
  EXPECT_FALSE(named());
  rlimit limit{};
  ASSERT_EQ(prlimit(rig_.process().pid(), RLIMIT_FSIZE, nullptr, &limit), 0);
  limit.rlim_cur = 1;
  ASSERT_EQ(prlimit(rig_.process().pid(), RLIMIT_FSIZE, &limit, nullptr), 0);
  EXPECT_TRUE(eventually(20s, named)) << rig_.log();
  limit.rlim_cur = RLIM_INFINITY;
  ASSERT_EQ(prlimit(rig_.process().pid(), RLIMIT_FSIZE, &limit, nullptr), 0);
  EXPECT_TRUE(eventually(60s, [&] { return !named(); })) << rig_.log();
  expect_detection();
}

TEST_F(Samples, OutliveAKillAndFlippedBits) {
  watch([](int) { return std::string("bad_metric 1\n"); });
  ASSERT_TRUE(eventually(
      20s, [this] { return rig_.query("count_over_time(good_metric[5m])").value_or(0) > 10; }));
  std::this_thread::sleep_for(1s);  // what is a second old is safe
  rig_.process().kill();
  rig_.start_ready();
  EXPECT_GT(rig_.query("count_over_time(good_metric[5m])").value_or(0), 10);
  rig_.process().kill();
  meddle(
      "update log set payload = cast(x'00' || substr(payload, 2) as blob) where sequence ="
      " (select max(sequence) from log)");
  rig_.start_ready();
  EXPECT_EQ(rig_.metric("tocsin_blocks_damaged_total"), 1);
  EXPECT_GT(rig_.query("count_over_time(good_metric[5m])").value_or(0), 10) << "the others serve";
  expect_detection();
}

TEST_F(Samples, AreInMemoryWhereTheirFileCannotBe) {
  // A folder where the file should be.
  run_program({.argv = {"mkdir", series_file()}, .environment = {}});
  watch([](int) { return std::string("bad_metric 1\n"); });
  EXPECT_THAT(rig_.log(), ::testing::HasSubstr("samples cannot be stored"));
  EXPECT_EQ(rig_.metric("tocsin_blocks_writable"), 0);
  expect_detection();
}

}  // namespace
}  // namespace tocsin::testing
