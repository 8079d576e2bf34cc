#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "notifiers/forward/forwarder.h"
#include "support/simulation.h"
#include "unit/notifiers/support.h"

namespace tocsin::notifiers::forward {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using testing::FakeHttpClient;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kNoon;

const model::Labels kUp = {{"alertname", "Up"}, {"site", "own"}};

std::pair<Config, std::vector<std::string>> decoded(const std::string& text) {
  const testing::FakeFileSystem files;
  const auto document = yaml::Document::parse(text, "t.yml");
  yaml::Problems problems;
  Config config = decode(document->root(), {files, "/etc"}, problems);
  std::vector<std::string> errors;
  for (const auto& error : problems.errors()) {
    errors.push_back(error.to_string());
  }
  return {std::move(config), std::move(errors)};
}

TEST(ForwardConfig, NamesTheTargets) {
  const auto [config, errors] = decoded(
      "alertmanagers: [{scheme: https, path_prefix: am/, timeout: 3s, api_version: v2, "
      "static_configs: [{targets: ['a:9093', 'b:9093']}], basic_auth: {username: u}}, "
      "{static_configs: [{targets: [c]}]}]");
  EXPECT_THAT(errors, IsEmpty());
  ASSERT_EQ(config.alertmanagers.size(), 2U);
  EXPECT_EQ(config.alertmanagers[0].url("a:9093"), "https://a:9093/am/api/v2/alerts");
  EXPECT_EQ(config.alertmanagers[1].url("c"), "http://c/api/v2/alerts");
  EXPECT_EQ(config.alertmanagers[0].timeout, seconds(3));
}

TEST(ForwardConfig, RefusesWhatIsNotThereYet) {
  EXPECT_THAT(decoded("alertmanagers: [{dns_sd_configs: []}]").second,
              ElementsAre(HasSubstr("dns_sd_configs: not supported yet")));
  EXPECT_THAT(decoded("alertmanagers: [{api_version: v1}]").second, ElementsAre(HasSubstr("v2")));
  EXPECT_THAT(decoded("alertmanagers: [{static_configs: [{targets: ['http://a']}]}]").second,
              ElementsAre(HasSubstr("host:port")));
  EXPECT_THAT(decoded("alert_relabel_configs: []").second, ElementsAre(HasSubstr("not supported")));
}

TEST(ForwardPlan, SendsFiringAlertsEveryMinute) {
  ForwardPlan plan;
  plan.observe(testing::fired(kNoon, kUp), seconds(15));
  EXPECT_TRUE(plan.next_due());
  auto due = plan.take_due(kNoon, 10);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].ends_at, kNoon + minutes(4)) << "4 times the resend delay";
  auto update = testing::fired(kNoon, kUp);
  update.transition = model::AlertTransition::kUpdated;
  plan.observe(update, minutes(5));
  EXPECT_THAT(plan.take_due(kNoon + seconds(59), 10), IsEmpty());
  due = plan.take_due(kNoon + seconds(60), 10);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].ends_at, kNoon + seconds(60) + minutes(20)) << "4 times the interval";
}

TEST(ForwardPlan, SendsResolvedAlertsForAQuarterOfAnHour) {
  ForwardPlan plan;
  plan.observe(testing::fired(kNoon, kUp), seconds(15));
  EXPECT_EQ(plan.take_due(kNoon, 10).size(), 1U);
  plan.observe(testing::resolved(kNoon + seconds(10), kUp), seconds(15));
  int sent = 0;
  for (auto now = kNoon + seconds(10); now < kNoon + minutes(30); now += seconds(1)) {
    for (const Outgoing& outgoing : plan.take_due(now, 10)) {
      EXPECT_EQ(outgoing.ends_at, kNoon + seconds(10));
      ++sent;
    }
  }
  EXPECT_EQ(sent, 15);
  EXPECT_EQ(plan.size(), 0U);
}

TEST(ForwardPlan, RepeatsWhatNobodyAccepted) {
  ForwardPlan plan;
  plan.observe(testing::resolved(kNoon, kUp), seconds(15));
  auto now = kNoon + minutes(20);
  auto due = plan.take_due(now, 10);
  ASSERT_EQ(due.size(), 1U) << "it has never been sent";
  plan.not_accepted(due, now);
  EXPECT_THAT(plan.take_due(now + seconds(4), 10), IsEmpty());
  EXPECT_EQ(plan.take_due(now + seconds(5), 10).size(), 1U);
  EXPECT_THAT(plan.take_due(now + minutes(2), 10), IsEmpty()) << "accepted, and old";
}

TEST(ForwardPlan, AClockThatWasSetBackHoldsNothingUp) {
  ForwardPlan plan;
  plan.observe(testing::fired(kNoon, kUp), seconds(15));
  EXPECT_EQ(plan.take_due(kNoon, 10).size(), 1U);
  EXPECT_EQ(plan.take_due(kNoon - std::chrono::hours(5), 10).size(), 1U);
}

TEST(ForwardPlan, IsBounded) {
  ForwardPlan plan({.max_alerts = 1});
  plan.observe(testing::fired(kNoon, {{"alertname", "A"}}), seconds(1));
  plan.observe(testing::fired(kNoon, {{"alertname", "B"}}), seconds(1));
  EXPECT_EQ(plan.size(), 1U);
  EXPECT_EQ(plan.dropped(), 1U);
}

TEST(ForwardPlan, BodyHasExternalLabelsBelowTheAlertsOwn) {
  Outgoing outgoing{testing::fired(kNoon, kUp, {{"summary", "s"}}).alert, kNoon + minutes(4)};
  outgoing.alert.generator_url = "http://t/";
  EXPECT_EQ(alerts_body({outgoing}, {{"site", "seoul"}, {"zone", "z"}}),
            R"([{"annotations":{"summary":"s"},"endsAt":"2026-01-31T09:09:00Z",)"
            R"("startsAt":"2026-01-31T09:05:00Z","generatorURL":"http://t/",)"
            R"("labels":{"alertname":"Up","site":"own","zone":"z"}}])");
}

class ForwarderTest : public ::testing::Test {
 protected:
  testing::Simulation simulation_;
  FakeHttpClient http_;
  testing::FakeFileSystem files_;
  testing::FakeRenderer renderer_;
  Parts parts_{
      http_, files_, simulation_.timers(), simulation_.clock(), renderer_, simulation_.executor(),
      {}};
  Config config_ = decoded("alertmanagers: [{static_configs: [{targets: [a, b]}]}]").first;
};

async::Task<bool> stopped(Forwarder& forwarder) {
  co_await forwarder.stop();
  co_return true;
}

TEST_F(ForwarderTest, SendsBatchesToEveryTarget) {
  Forwarder forwarder(config_, parts_, {.plan = {}, .external_labels = {}, .max_batch = 2});
  forwarder.start();
  const auto now = simulation_.clock().wall_now();
  for (const char* name : {"A", "B", "C"}) {
    forwarder.observe(testing::fired(now, {{"alertname", name}}), seconds(15));
  }
  simulation_.run_for(seconds(1));
  EXPECT_EQ(http_.requests.size(), 4U);
  EXPECT_EQ(forwarder.accepted(), 6U) << "three by each";
  EXPECT_TRUE(forwarder.last_accepted());
  EXPECT_TRUE(simulation_.run(stopped(forwarder)));
}

TEST_F(ForwarderTest, KeepsTryingWhileNobodyAnswers) {
  http_.answer = [](const net::HttpRequest&) { return FakeHttpClient::status(503); };
  Forwarder forwarder(config_, parts_, {});
  forwarder.start();
  forwarder.observe(testing::fired(simulation_.clock().wall_now(), kUp), seconds(15));
  simulation_.run_for(seconds(12));
  EXPECT_EQ(forwarder.failed(), 6U) << "three times by each";
  EXPECT_FALSE(forwarder.last_accepted());
  http_.answer = [](const net::HttpRequest& request) {
    return FakeHttpClient::status(request.url.starts_with("http://a/") ? 200 : 503);
  };
  simulation_.run_for(seconds(5));
  EXPECT_EQ(forwarder.accepted(), 1U);
  EXPECT_TRUE(forwarder.last_accepted());
  http_.answer = [](const net::HttpRequest&) { return FakeHttpClient::status(200); };
  simulation_.run_for(seconds(5));
  EXPECT_EQ(forwarder.accepted(), 2U) << "the other one gets what it has missed";
  EXPECT_TRUE(simulation_.run(stopped(forwarder)));
}

/// One target never answers before the deadline.
class HalfHanging final : public net::HttpClient {
 public:
  HalfHanging(async::Timers& timers, const base::Clock& clock) : timers_(timers), clock_(clock) {}
  async::Task<base::Result<net::HttpResponse>> send(net::HttpRequest request,
                                                    base::MonotonicTime deadline) override {
    if (request.url.starts_with("http://a/")) {
      const base::Status slept = co_await timers_.sleep_until(deadline);
      static_cast<void>(slept);
      co_return base::Error(base::ErrorCode::kTimeout, "the time limit has passed");
    }
    arrivals.push_back(clock_.monotonic_now());
    net::HttpResponse response;
    response.status = 200;
    co_return response;
  }
  std::vector<base::MonotonicTime> arrivals;

 private:
  async::Timers& timers_;
  const base::Clock& clock_;
};

TEST_F(ForwarderTest, OneThatHangsHoldsNoOtherUp) {
  HalfHanging http(simulation_.timers(), simulation_.clock());
  const Parts parts{
      http, files_, simulation_.timers(), simulation_.clock(), renderer_, simulation_.executor(),
      {}};
  Forwarder forwarder(config_, parts, {});
  forwarder.start();
  for (const char* name : {"A", "B", "C"}) {
    const auto now = simulation_.clock().monotonic_now();
    forwarder.observe(testing::fired(simulation_.clock().wall_now(), {{"alertname", name}}),
                      seconds(15));
    simulation_.settle();
    ASSERT_FALSE(http.arrivals.empty());
    EXPECT_EQ(http.arrivals.back(), now) << name;
    simulation_.run_for(seconds(1));
  }
  EXPECT_TRUE(simulation_.run(stopped(forwarder)));
}

}  // namespace
}  // namespace tocsin::notifiers::forward
