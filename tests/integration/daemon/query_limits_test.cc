// What queries may cost, and what becomes of those that nobody waits for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "integration/daemon/rig.h"
#include "support/sanitizers.h"

namespace tocsin::testing {
namespace {

using ::testing::HasSubstr;

class QueryLimits : public ::testing::Test {
 protected:
  void start(const std::string& query_section = "") {
    std::string page = "queue_length 5\n";
    for (int i = 0; i < 200; ++i) {
      page += "orders_total{shop=\"" + std::to_string(i) + "\"} " + std::to_string(i) + "\n";
    }
    page_.set(page);
    rig_.write("rules.yml", R"(
groups:
  - name: shop
    rules:
      - alert: QueueLong
        expr: queue_length > 10
        labels: {severity: critical, service: shop, category: business}
        annotations: {summary: "the queue is long", impact: "orders come late"}
)");
    configure(query_section);
    rig_.start_ready({"--enable-feature=promql-experimental-functions"});
    ASSERT_TRUE(eventually(20s, [this] { return rig_.holds("queue_length"); })) << rig_.log();
  }
  void configure(const std::string& query_section) {
    rig_.write("tocsin.yml", "rule_files: [rules.yml]\nscrape_configs:\n" +
                                 scrape_job("shop", page_.address()) + query_section +
                                 webhook_route(sink_.url()));
  }
  /// Takes most of a minute when nobody stops it.
  std::string endless() const {
    const auto now = std::chrono::system_clock::now();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    // Smoothing starts anew at the first sample of each window: nothing is carried over.
    return "/api/v1/query_range?start=" + std::to_string(seconds) +
           "&end=" + std::to_string(seconds + 290) + "&step=0.03&query=" +
           percent_encode(
               "sum(double_exponential_smoothing(sin(orders_total + time())[5m:50ms], 0.5, 0.5))");
  }
  std::unique_ptr<Process> curl(const std::string& target) const {
    return std::make_unique<Process>(
        ProcessOptions{.argv = {"curl", "-sS", rig_.url() + target}, .environment = {}});
  }
  bool running(double count) const { return rig_.metric("tocsin_api_queries") == count; }
  double outcomes(const std::string& outcome) const {
    return rig_.metric("tocsin_api_queries_total{outcome=\"" + outcome + "\"}").value_or(0);
  }

  Rig rig_;
  PageServer page_;
  HttpSink sink_;
};

TEST_F(QueryLimits, AClientThatGoesTakesItsQueryAlong) {
  start();
  auto client = curl(endless());
  ASSERT_TRUE(eventually(20s, [this] { return running(1); }));
  client->kill();
  EXPECT_TRUE(eventually(20s, [this] { return running(0); }));
  EXPECT_TRUE(eventually(20s, [this] { return outcomes("canceled") == 1; }));
  EXPECT_EQ(rig_.stop(), 0);
}

TEST_F(QueryLimits, HeavyQueriesDelayNoDetection) {
  start();
  std::vector<std::unique_ptr<Process>> clients;
  clients.reserve(4);
  for (int i = 0; i < 4; ++i) {
    clients.push_back(curl(endless()));
  }
  ASSERT_TRUE(eventually(20s, [this] { return running(4); }));
  for (int i = 0; i < 20; ++i) {
    const auto asked = std::chrono::steady_clock::now();
    EXPECT_EQ(rig_.get("/-/healthy").status, 200);
    EXPECT_LT(std::chrono::steady_clock::now() - asked, 5s);
  }
  page_.set("queue_length 50\n");
  EXPECT_TRUE(eventually(20s, [this] { return was_told(sink_, "firing", "QueueLong"); }))
      << rig_.log();
  EXPECT_TRUE(running(4));
}

TEST_F(QueryLimits, ShutdownCancelsWhatRuns) {
  start();
  auto client = curl(endless());
  ASSERT_TRUE(eventually(20s, [this] { return running(1); }));
  EXPECT_EQ(rig_.stop(4s), 0);
  EXPECT_EQ(client->wait(5s), 0);
  EXPECT_THAT(client->output(), HasSubstr("\"errorType\":\"canceled\""));
}

TEST_F(QueryLimits, TimeEnds) {
  start("query: {timeout: 1s}\n");
  for (const std::string more : {"", "&timeout=500ms", "&timeout=1h"}) {
    const HttpMessage answer = rig_.get(endless() + more);
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.body, R"({"status":"error","errorType":"timeout",)"
                           R"("error":"query timed out in expression evaluation"})");
  }
  EXPECT_EQ(outcomes("timeout"), 3);
}

TEST_F(QueryLimits, MoreThanAllowedWaitForTheirTurn) {
  start("query: {max_concurrency: 1}\n");
  auto client = curl(endless());
  ASSERT_TRUE(eventually(20s, [this] { return running(1); }));
  const HttpMessage answer = rig_.get("/api/v1/query?query=1&timeout=300ms");
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("query timed out in query queue"));
  client->kill();
  EXPECT_EQ(rig_.get("/api/v1/query?query=1&timeout=5s").status, 200);
}

TEST_F(QueryLimits, SamplesLengthDepthAndPointsAreBounded) {
  start("query: {max_samples: 100, max_length: 50, max_depth: 3, max_points: 10}\n");
  const auto ask = [this](const std::string& expression) {
    return rig_.get("/api/v1/query?query=" + percent_encode(expression));
  };
  const HttpMessage samples = ask("orders_total");
  EXPECT_EQ(samples.status, 422);
  EXPECT_EQ(samples.body,
            R"({"status":"error","errorType":"execution","error":)"
            R"("query processing would load too many samples into memory in query execution"})");
  EXPECT_EQ(ask("queue_length").status, 200);
  EXPECT_EQ(ask(std::string(51, '1')).status, 400);
  EXPECT_EQ(ask("1+1+1+1").status, 400);
  const HttpMessage points = rig_.get("/api/v1/query_range?query=1&start=0&end=11&step=1");
  EXPECT_EQ(points.status, 400);
  EXPECT_THAT(points.body, HasSubstr("exceeded maximum resolution of 10 points"));
}

TEST_F(QueryLimits, AReloadChangesThem) {
  start("query: {max_length: 50}\n");
  const std::string longer = "/api/v1/query?query=" + std::string(51, '1');
  EXPECT_EQ(rig_.get(longer).status, 400);
  configure("query: {max_length: 500, max_concurrency: 7, timeout: 1s}\n");
  EXPECT_EQ(rig_.post("/-/reload").status, 200);
  EXPECT_EQ(rig_.get(longer).status, 200);
  EXPECT_EQ(rig_.metric("tocsin_api_queries_max"), 7);
  EXPECT_EQ(rig_.get(endless()).status, 503);
}

TEST_F(QueryLimits, MemoryIsGivenBack) {
  if (kFreedMemoryIsKept) {
    GTEST_SKIP() << "a sanitizer keeps what was freed, to see who uses it afterwards";
  }
  start();
  const auto now = std::chrono::system_clock::now();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  // Two million samples in the answer.
  const std::string large = "/api/v1/query_range?start=" + std::to_string(seconds) +
                            "&end=" + std::to_string(seconds + 250) +
                            "&step=0.025&query=orders_total";
  const auto memory = [this] { return rig_.metric("process_resident_memory_bytes").value_or(0); };
  EXPECT_EQ(rig_.get("/api/v1/query?query=up").status, 200);
  const double before = memory();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(rig_.get(large).status, 200);
  }
  EXPECT_TRUE(eventually(20s, [&] { return memory() < before + (64 << 20); }))
      << before << " then " << memory();
}

}  // namespace
}  // namespace tocsin::testing
