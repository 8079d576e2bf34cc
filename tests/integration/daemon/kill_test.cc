#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <boost/json.hpp>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "integration/daemon/rig.h"

namespace tocsin::testing {
namespace {

constexpr int kKills = 100;
constexpr std::size_t kQuick = 4;
/// From a change of the page to its decision: a poll interval, and a busy machine.
constexpr std::int64_t kSlackMs = 2000;

std::int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// The watched shop, and the truth about it: a queue that is too long all the time, one that is so
/// now and then, quick ones that hardly stay as they are, and a partner whose calls fail, counted
/// up by each poll.
class Shop {
 public:
  Shop()
      : server_([this](const HttpMessage&, Connection& connection) {
          connection.send(http_answer(200, page(), "Content-Type: text/plain; version=0.0.4\r\n"));
        }) {}

  std::string address() const { return server_.address(); }

  void set_restless(bool too_long) {
    const std::lock_guard lock(mutex_);
    if (restless_ != too_long) {
      restless_ = too_long;
      changes_.emplace_back(wall_ms(), too_long);
    }
  }
  bool restless() const {
    const std::lock_guard lock(mutex_);
    return restless_;
  }
  void set_quick(std::size_t number, bool too_long) {
    const std::lock_guard lock(mutex_);
    quick_[number] = too_long;
  }
  void fail(bool on) {
    const std::lock_guard lock(mutex_);
    failing_ = on;
  }
  void calm_steady() {
    const std::lock_guard lock(mutex_);
    steady_ = false;
  }

  /// Whether the restless queue was in that state at some moment shortly before.
  bool was_restless(bool state, std::int64_t time_ms) const {
    const std::lock_guard lock(mutex_);
    bool at_from = false;
    for (const auto& [changed_ms, to] : changes_) {
      if (changed_ms <= time_ms - kSlackMs) {
        at_from = to;
      } else if (changed_ms <= time_ms && to == state) {
        return true;
      }
    }
    return at_from == state;
  }

 private:
  std::string page() {
    const std::lock_guard lock(mutex_);
    failures_ += failing_ ? 1000 : 0;
    std::string text =
        "# TYPE partner_failures_total counter\npartner_failures_total{service=\"partner\"} " +
        std::to_string(failures_) + "\nqueue_length{service=\"steady\"} " + (steady_ ? "50" : "1") +
        "\nqueue_length{service=\"restless\"} " + (restless_ ? "50" : "1") + "\n";
    for (std::size_t i = 0; i < kQuick; ++i) {
      text += "queue_length{service=\"restless\",quick=\"" + std::to_string(i) + "\"} " +
              (quick_[i] ? "50" : "1") + "\n";
    }
    return text;
  }

  mutable std::mutex mutex_;
  bool steady_ = true;
  bool restless_ = false;
  bool failing_ = false;
  std::array<bool, kQuick> quick_{};
  long failures_ = 0;
  std::vector<std::pair<std::int64_t, bool>> changes_;
  HttpServer server_;
};

class KillLoop : public ::testing::Test {
 protected:
  void configure() {
    // On a busy machine a poll may be late; that alone ends no alert here.
    rig_.write("rules.yml", R"(
groups:
  - name: shop
    rules:
      - alert: QueueLong
        expr: queue_length > 10
        labels: {severity: critical, category: system}
      - alert: PartnerFails
        expr: increase(partner_failures_total[1m]) > 500
        labels: {severity: critical, category: integration}
)");
    rig_.write("tocsin.yml",
               "global: {evaluation_interval: 1s, no_data: keep}\nrule_files: "
               "[rules.yml]\nscrape_configs:\n"
               "  - job_name: shop\n    scrape_interval: 50ms\n    scrape_timeout: 50ms\n"
               "    static_configs: [{targets: [\"" +
                   shop_.address() + "\"]}]\n" +
                   webhook_route(sink_.url(), "", "alertname, service, quick"));
  }

  std::int64_t draw(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }

  void live_and_die() {
    for (int kill = 0; kill < kKills; ++kill) {
      rig_.start();
      // At any moment, or in the middle of a delivery.
      const bool in_delivery = kill % 2 == 1;
      const std::int64_t end = wall_ms() + (in_delivery ? 800 : draw(0, 600));
      const std::size_t before = asked_;
      while (wall_ms() < end && !(in_delivery && asked_ > before)) {
        change_shop();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      if (kill == kKills / 10) {
        shop_.fail(true);
      }
      rig_.process().kill();
    }
    for (std::size_t i = 0; i < kQuick; ++i) {
      shop_.set_quick(i, false);
    }
  }

  void change_shop() {
    if (wall_ms() >= next_change_) {
      shop_.set_restless(!shop_.restless());
      next_change_ = wall_ms() + draw(700, 4000);
    }
    for (std::size_t i = 0; i < kQuick; ++i) {
      if (wall_ms() >= next_quick_[i]) {
        shop_.set_quick(i, draw(0, 1) == 1);
        next_quick_[i] = wall_ms() + draw(100, 800);
      }
    }
  }

  std::vector<std::pair<std::string, std::int64_t>> alert_records(const std::string& type) const {
    std::vector<std::pair<std::string, std::int64_t>> found;
    for (const boost::json::value& row :
         rig_.sql("select json_extract(payload, '$.alert.labels.service') || "
                  "coalesce(json_extract(payload, '$.alert.labels.quick'), '') as service, time_ms "
                  "from records where type = '" +
                  type + "' order by sequence")) {
      found.emplace_back(text_at(row, "/service"), at(row, "/time_ms").to_number<std::int64_t>());
    }
    return found;
  }

  void expect_no_false_alert(std::int64_t loop_end) const;
  void expect_each_incident_once() const;
  void expect_each_notice() const;

  // Slow, and failing now and then, so that notices are on their way while the process dies.
  std::string answer(std::size_t number) {
    ++asked_;
    std::this_thread::sleep_for(std::chrono::milliseconds(number % 4 * 5));
    return http_answer(number % 10 == 9 ? 503 : 200, "");
  }

  std::uint64_t seed_ =
      std::getenv("TOCSIN_SEED") != nullptr ? std::stoull(std::getenv("TOCSIN_SEED")) : 20261122;
  std::mt19937_64 random_{seed_};
  Rig rig_;
  Shop shop_;
  std::int64_t next_change_ = wall_ms() + 1000;
  std::array<std::int64_t, kQuick> next_quick_{};
  std::atomic<std::size_t> asked_ = 0;
  HttpSink sink_{[this](std::size_t number, const HttpMessage&) { return answer(number); }};
};

void KillLoop::expect_no_false_alert(std::int64_t loop_end) const {
  std::map<std::string, int> fired;
  std::map<std::string, int> resolved;
  for (const auto& [service, time_ms] : alert_records("alert.fired")) {
    ++fired[service];
    EXPECT_TRUE(service != "restless" || shop_.was_restless(true, time_ms)) << time_ms;
  }
  for (const auto& [service, time_ms] : alert_records("alert.resolved")) {
    ++resolved[service];
    EXPECT_TRUE(service.starts_with("restless") || time_ms >= loop_end)
        << service << " resolved falsely";
    EXPECT_TRUE(service != "restless" || shop_.was_restless(false, time_ms)) << time_ms;
  }
  for (const char* service : {"steady", "partner"}) {
    EXPECT_EQ(fired[service], 1) << service;
    EXPECT_EQ(resolved[service], 1) << service;
  }
  EXPECT_GE(fired["restless"], 3) << "the storm was too calm";
  RecordProperty("flaps", fired["restless"]);
  EXPECT_EQ(fired, resolved);
}

void KillLoop::expect_each_incident_once() const {
  const auto opened = rig_.sql(
      "select subject, json_extract(payload, '$.service') as service from records "
      "where type = 'incident.opened' order by sequence");
  std::set<std::string> services;
  for (std::size_t i = 0; i < opened.size(); ++i) {
    EXPECT_EQ(text_at(opened[i], "/subject"), "INC-" + std::to_string(i + 1));
    services.insert(text_at(opened[i], "/service"));
  }
  EXPECT_EQ(opened.size(), 3U);
  EXPECT_EQ(services, (std::set<std::string>{"partner", "restless", "steady"}));
  const boost::json::array shown = rig_.incidents();
  EXPECT_EQ(shown.size(), 3U);
  for (const boost::json::value& incident : shown) {
    EXPECT_EQ(text_at(incident, "/state"), "mitigated") << text_at(incident, "/id");
  }
}

void KillLoop::expect_each_notice() const {
  std::map<std::string, std::string> bodies;
  std::map<std::string, std::vector<std::string>> told;  // status by group, in order
  for (const HttpMessage& request : sink_.requests()) {
    boost::json::value body = boost::json::parse(request.body);
    const auto [known, is_new] = bodies.emplace(request.header("idempotency-key"), request.body);
    EXPECT_EQ(known->second, request.body) << "one key, one notice";
    if (is_new) {
      told[text_at(body, "/groupKey")].push_back(text_at(body, "/status"));
    }
  }
  const auto queued = rig_.sql("select subject from records where type = 'notice.queued'");
  std::set<std::string> keys;
  for (const boost::json::value& row : queued) {
    keys.insert(text_at(row, "/subject"));
    EXPECT_TRUE(bodies.contains(text_at(row, "/subject"))) << "a notice never arrived";
  }
  EXPECT_GT(sink_.requests().size(), bodies.size()) << "no delivery was interrupted";
  EXPECT_EQ(keys.size(), queued.size()) << "a notice was decided twice";
  for (const auto& [key, body] : bodies) {
    EXPECT_TRUE(keys.contains(key)) << "told without being in the journal: " << body;
  }
  const auto fired = rig_.sql("select distinct subject from records where type = 'alert.fired'");
  EXPECT_EQ(told.size(), fired.size());
  RecordProperty("notices", static_cast<int>(bodies.size()));
  RecordProperty("requests", static_cast<int>(sink_.requests().size()));
  for (const auto& [group, statuses] : told) {
    for (std::size_t i = 0; i < statuses.size(); ++i) {
      EXPECT_EQ(statuses[i], i % 2 == 0 ? "firing" : "resolved") << group << " notice " << i;
    }
    EXPECT_EQ(statuses.size() % 2, 0U) << group << " is told as resolved in the end";
  }
}

TEST_F(KillLoop, LosesDoublesAndInventsNothing) {
  SCOPED_TRACE("TOCSIN_SEED=" + std::to_string(seed_));
  configure();
  live_and_die();
  rig_.start_ready();
  // A last time in the bad state, so that the end is a change that everybody has to hear of.
  shop_.set_restless(true);
  const auto firing = [this] { return rig_.query("count(ALERTS{alertstate=\"firing\"})") == 3; };
  ASSERT_TRUE(eventually(20s, firing)) << rig_.log();
  EXPECT_FALSE(was_told(sink_, "resolved", "PartnerFails"));
  const std::int64_t loop_end = wall_ms();
  shop_.set_restless(false);
  shop_.calm_steady();
  shop_.fail(false);
  // The increase over a minute is over after a minute.
  ASSERT_TRUE(eventually(100s, [this] {
    return rig_.json("/api/v1/alerts").is_object() && rig_.alert_state("PartnerFails").empty() &&
           rig_.alert_state("QueueLong").empty() &&
           rig_.metric("tocsin_routing_outbox_notices") == 0 &&
           was_told(sink_, "resolved", "PartnerFails");
  })) << rig_.log();
  const auto whole = rig_.sql("select count(*) = max(sequence) as whole from records");
  ASSERT_EQ(whole.size(), 1U);
  EXPECT_EQ(text_at(whole[0], "/whole"), "1") << "records are missing";
  expect_no_false_alert(loop_end);
  expect_each_incident_once();
  expect_each_notice();
  EXPECT_EQ(rig_.stop(), 0);
}

}  // namespace
}  // namespace tocsin::testing
