#include "sources/scrape_source.h"

#include <gtest/gtest.h>

#include <deque>

#include "support/fake_file_system.h"
#include "support/simulation.h"
#include "system_samples.h"

namespace tocsin::sources {
namespace {

/// Answers from a queue and keeps the requests.
class FakeHttp final : public net::HttpClient {
 public:
  explicit FakeHttp(const base::Clock& clock) : clock_(clock) {}

  async::Task<base::Result<net::HttpResponse>> send(net::HttpRequest request,
                                                    base::MonotonicTime /*deadline*/) override {
    requests.push_back(std::move(request));
    base::Result<net::HttpResponse> answer = std::move(answers.front());
    answers.pop_front();
    if (answer) {
      answer->arrived = clock_.monotonic_now();
    }
    co_return answer;
  }

  void answer(int status, std::string body, const std::string& type = "text/plain") {
    net::HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    if (!type.empty()) {
      response.headers.set("Content-Type", type);
    }
    answers.emplace_back(std::move(response));
  }

  std::vector<net::HttpRequest> requests;
  std::deque<base::Result<net::HttpResponse>> answers;

 private:
  const base::Clock& clock_;
};

struct Fixture {
  testing::Simulation simulation;
  testing::FakeFileSystem files;
  FakeHttp http{simulation.clock()};
  async::WorkerPool pool{simulation.executor(), async::ThreadOptions{.inline_jobs = true}};
  std::vector<Target> targets;

  explicit Fixture(ScrapeJob job = {}) {
    job.name = "api";
    job.interval = std::chrono::seconds(15);
    job.timeout = std::chrono::seconds(10);
    job.groups = {{.targets = {"host:80"}, .labels = {}}};
    targets = make_scrape_targets({job}, {http, files, simulation.clock(), &pool});
  }
  Batch poll() {
    const PollContext context{simulation.clock().wall_now(),
                              simulation.clock().monotonic_now() + std::chrono::seconds(10)};
    return simulation.run(targets.at(0).source->poll(context));
  }
};

TEST(ScrapeSource, AsksAsPrometheusDoes) {
  Fixture test;
  test.http.answer(200, "a 1\n");
  const Batch batch = test.poll();
  EXPECT_TRUE(batch.up) << batch.error;
  ASSERT_EQ(test.http.requests.size(), 1U);
  const net::HttpRequest& request = test.http.requests[0];
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.url, "http://host:80/metrics");
  EXPECT_NE(request.headers.get("accept")->find("openmetrics"), std::string_view::npos);
  EXPECT_EQ(request.headers.get("X-Prometheus-Scrape-Timeout-Seconds"), "10");
  EXPECT_EQ(request.headers.get("Accept-Encoding"), "gzip");
  EXPECT_EQ(request.max_body_bytes, kDefaultBodyBytes);
  EXPECT_TRUE(request.follow_redirects);
  EXPECT_EQ(batch.scraped, 1U);
  EXPECT_EQ(batch.body_bytes, 4U);
}

TEST(ScrapeSource, DoesNotAskATargetThatIsRefused) {
  Fixture test;
  ScrapeJob job;
  job.limits.targets = 1;
  job.groups = {{.targets = {"host:80", "other:80"}, .labels = {}}};
  test.targets =
      make_scrape_targets({job}, {test.http, test.files, test.simulation.clock(), &test.pool});
  const Batch batch = test.poll();
  EXPECT_FALSE(batch.up);
  EXPECT_EQ(batch.error, "target_limit exceeded (number of targets: 2, limit: 1)");
  EXPECT_TRUE(test.http.requests.empty());
}

TEST(ScrapeSource, ReadsLabelsAndTimestamps) {
  Fixture test;
  test.http.answer(200, "a{b=\"c\",instance=\"\"} 1.5 1700000000000\nd 2\n");
  const Batch batch = test.poll();
  ASSERT_EQ(batch.size(), 2U);
  ASSERT_TRUE(batch.page);
  const auto& [layout, body, page] = *batch.page;
  const exposition::StatedLabels first = layout->labels(body, page.samples[0]);
  EXPECT_EQ(first.labels, (model::Labels{{"__name__", "a"}, {"b", "c"}}));
  EXPECT_EQ(first.blank, std::vector<std::string>{"instance"});
  EXPECT_EQ(page.samples[0].value, 1.5);
  ASSERT_EQ(page.times.size(), 2U);
  EXPECT_EQ(page.times[0], 1'700'000'000'000);
  EXPECT_EQ(page.times[1], exposition::kNoTime);
}

TEST(ScrapeSource, RemembersThePageBefore) {
  Fixture test;
  test.http.answer(200, "a{b=\"c\"} 1\n");
  test.http.answer(200, "x 1\na{b=\"c\"} 2\n");
  const Batch first = test.poll();
  const Batch second = test.poll();
  ASSERT_EQ(second.size(), 2U);
  EXPECT_EQ(first.page->layout, second.page->layout);
  EXPECT_EQ(second.page->samples.page, 2U);
  EXPECT_EQ(second.page->samples.fresh.size(), 1U);
  EXPECT_EQ(first.page->samples.samples[0].series, second.page->samples.samples[1].series);
}

TEST(ScrapeSource, ReadsLargePagesOnThePool) {
  Fixture test;
  std::string body;
  for (int i = 0; i < 5000; ++i) {
    body += "a{i=\"" + std::to_string(i) + "\"} 1\n";
  }
  for (int poll = 0; poll < 2; ++poll) {
    test.http.answer(200, body);
    const Batch batch = test.poll();
    EXPECT_TRUE(batch.up) << batch.error;
    EXPECT_EQ(batch.size(), 5000U);
  }
}

TEST(ScrapeSource, SaysWhyItFailed) {
  Fixture test;
  const auto reason = [&test](base::ErrorCode code, const std::string& message) {
    test.http.answers.emplace_back(base::Error(code, message));
    const Batch batch = test.poll();
    EXPECT_FALSE(batch.up);
    EXPECT_EQ(batch.size(), 0U);
    return batch.error;
  };
  EXPECT_EQ(reason(base::ErrorCode::kUnavailable, "connect: refused"), "connect: refused");
  EXPECT_EQ(reason(base::ErrorCode::kTimeout, "x"), "no complete answer within 10s");
  // A body that is too large is not the only limit.
  EXPECT_EQ(reason(base::ErrorCode::kLimitExceeded, "http://host: too many redirects"),
            "http://host: too many redirects");
  test.http.answer(500, "");
  EXPECT_EQ(test.poll().error, "server returned HTTP status 500 Internal Server Error");
  test.http.answer(599, "");
  EXPECT_EQ(test.poll().error, "server returned HTTP status 599");
  test.http.answer(200, "a 1\nb{ 2\n");
  const Batch garbage = test.poll();
  EXPECT_FALSE(garbage.up);
  EXPECT_TRUE(garbage.samples.empty()) << "nothing is half taken";
  EXPECT_EQ(garbage.scraped, 1U) << "but seen";
  EXPECT_NE(garbage.error.find('2'), std::string::npos) << garbage.error;
}

TEST(ScrapeSource, TakesTheFormatFromTheAnswer) {
  ScrapeJob job;
  job.fallback_openmetrics = true;
  Fixture test(job);
  test.http.answer(200, "a 1\n", "application/openmetrics-text; version=1.0.0");
  EXPECT_FALSE(test.poll().up) << "OpenMetrics ends with # EOF";
  test.http.answer(200, "a 1\n", "");
  EXPECT_FALSE(test.poll().up) << "the fallback is OpenMetrics here";
  test.http.answer(200, "a 1\n", "text/plain");
  EXPECT_TRUE(test.poll().up);
}

TEST(ScrapeSource, SendsCredentialsAndLimits) {
  ScrapeJob job;
  job.http.has_authorization = true;
  job.http.credentials_file = "/token";
  job.limits.body_bytes = 100;
  job.compression = false;
  Fixture test(job);
  EXPECT_NE(test.poll().error.find("/token"), std::string::npos);
  EXPECT_TRUE(test.http.requests.empty());
  test.files.write("/token", "abc\n");
  test.http.answer(200, "");
  EXPECT_TRUE(test.poll().up);
  EXPECT_EQ(test.http.requests[0].headers.get("Authorization"), "Bearer abc");
  EXPECT_EQ(test.http.requests[0].headers.get("Accept-Encoding"), "identity");
  EXPECT_EQ(test.http.requests[0].max_body_bytes, 100U);
}

}  // namespace
}  // namespace tocsin::sources
