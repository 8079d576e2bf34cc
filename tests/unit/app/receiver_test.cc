// Requests that bring samples, from the receiver to the rules.

#include "app/receiver.h"

#include <gtest/gtest.h>

#include "base/check.h"
#include "rules/rule_file.h"
#include "support/memory_journal.h"
#include "support/simulation.h"

namespace tocsin::app {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kRules = R"(
groups:
- name: backups
  rules:
  - {alert: BackupFailed, expr: 'backup_failed > 5'}
)";

CoreOptions core_options() {
  CoreOptions options;
  options.engine.evaluation_interval = minutes(1);
  options.engine.evaluation_cpu_share = 0;
  options.dispatcher.route.receiver = "people";
  options.dispatcher.receivers["people"] = {};
  return options;
}

class Requests : public ::testing::Test {
 protected:
  Requests() {
    yaml::Problems problems;
    const base::Status started = simulation_.run(
        pipeline_.start(rules::decode(kRules, "backups.yml", {}, problems).groups, {}));
    TOCSIN_CHECK(started.has_value() && problems.ok(), "the pipeline did not start");
    pipeline_.on_changes([this](std::span<const model::AlertChange> changes) {
      for (const model::AlertChange& change : changes) {
        fired_ += change.transition == model::AlertTransition::kFired ? 1 : 0;
        resolved_ += change.transition == model::AlertTransition::kResolved ? 1 : 0;
      }
    });
    simulation_.run_for(minutes(2));
  }
  ~Requests() override {
    const base::Status stopped =
        simulation_.run(pipeline_.stop(simulation_.clock().monotonic_now() + seconds(1)));
    EXPECT_TRUE(stopped.has_value());
  }

  using Headers = std::vector<std::pair<std::string, std::string>>;

  static net::ServerRequest request(const std::string& body, const Headers& headers) {
    net::ServerRequest request;
    request.method = "POST";
    request.body = body;
    for (const auto& [name, value] : headers) {
      request.headers.set(name, value);
    }
    return request;
  }

  // No time passes meanwhile.
  net::ServerResponse push(const std::string& body, const Headers& headers = {}) {
    net::ServerResponse response = simulation_.run(receiver_.push(request(body, headers)));
    simulation_.settle();
    return response;
  }

  net::ServerResponse write(const std::string& body, const Headers& headers) {
    receiver_.enable_remote_write(true);
    return simulation_.run(receiver_.remote_write(request(body, headers)));
  }

  double pushes(const std::string& kind, const std::string& outcome) {
    return metrics_.sources_pushes_total.Add({{"kind", kind}, {"outcome", outcome}}).Value();
  }

  double looks() { return metrics_.rules_evaluations_total.Add({}).Value(); }

  // What a rule or query sees now.
  double value(const std::string& metric) {
    const auto query = promql::parse(metric);
    const auto found = pipeline_.query(*query, pipeline_.now());
    const auto& vector = std::get<promql::Vector>(found->value);
    return vector.size() == 1 ? vector[0].value : -1;
  }

  testing::Simulation simulation_;
  base::SeededRandom random_{1};
  testing::MemoryJournal journal_;
  series::Store store_{{}};
  Metrics metrics_;
  Pipeline pipeline_{{.executor = simulation_.executor(),
                      .clock = simulation_.clock(),
                      .timers = simulation_.timers(),
                      .random = random_,
                      .journal = journal_,
                      .store = store_,
                      .metrics = metrics_},
                     core_options(),
                     {}};
  Feed feed_{store_, pipeline_, metrics_, simulation_.clock()};
  async::WorkerPool pool_{simulation_.executor(), {.inline_jobs = true}};
  Receiver receiver_{
      {.feed = feed_, .metrics = metrics_, .clock = simulation_.clock(), .pool = pool_}};
  int fired_ = 0;
  int resolved_ = 0;
};

TEST_F(Requests, WithinOneMillisecondAreSeenAtOnce) {
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(push("backup_runs " + std::to_string(i) + "\n").status, 204);
  }
  EXPECT_EQ(value("backup_runs"), 999);
  push("backup_failed 0\n");
  EXPECT_EQ(fired_, 0);
  push("backup_failed 9\n");
  EXPECT_EQ(fired_, 1) << "in the same millisecond";
  simulation_.clock().advance(milliseconds(1));
  push("backup_failed 0\n");
  EXPECT_EQ(resolved_, 1);
}

TEST_F(Requests, AreSeenWhenTheClockIsSetBack) {
  for (const base::Duration by : {base::Duration(hours(1)), base::Duration(minutes(2))}) {
    push("backup_failed 0\n");
    simulation_.run_for(seconds(5));
    push("backup_failed 0\n");
    simulation_.clock().step_wall(-by);
    EXPECT_EQ(push("backup_failed 9\n").status, 204);
    EXPECT_EQ(value("backup_failed"), 9);
    simulation_.run_for(seconds(5));
    EXPECT_EQ(push("backup_failed 0\n").status, 204);
  }
  EXPECT_EQ(fired_, 2);
  EXPECT_EQ(resolved_, 2);
  EXPECT_EQ(store_.stats().refused_total, 0U);
}

TEST_F(Requests, AreSeenWhenTheClockIsSetForward) {
  push("backup_failed 0\n");
  simulation_.clock().step_wall(hours(1));
  push("backup_failed 9\n");
  EXPECT_EQ(fired_, 1);
}

TEST_F(Requests, OfBrowsersAreRefused) {
  const Headers of_page = {{"Origin", "http://evil.example"}};
  EXPECT_EQ(push("backup_failed 9\n", of_page).status, 403);
  // A body that would be refused for what it is: nobody looks at it.
  EXPECT_EQ(write("not snappy", of_page).status, 403);
  EXPECT_EQ(write("not snappy", {}).status, 400);
  EXPECT_EQ(pushes("push", "refused"), 1);
  EXPECT_EQ(pushes("remote_write", "refused"), 2);
  EXPECT_EQ(fired_, 0);
}

TEST_F(Requests, InAnEncodingThatIsNotKnownAreRefused) {
  for (const char* encoding : {"deflate", "br", "zstd", "gzip, gzip"}) {
    const net::ServerResponse refused = push("backup_failed 9\n", {{"Content-Encoding", encoding}});
    EXPECT_EQ(refused.status, 415) << encoding;
    EXPECT_EQ(refused.headers.get("Accept-Encoding"), "gzip, identity");
  }
  EXPECT_EQ(push("backup_failed 9\n", {{"Content-Encoding", "GZIP"}}).status, 400) << "it is not";
  EXPECT_EQ(pushes("push", "refused"), 5);
  EXPECT_EQ(fired_, 0);
  EXPECT_EQ(push("backup_failed 9\n", {{"Content-Encoding", "Identity"}}).status, 204);
  EXPECT_EQ(fired_, 1);
}

TEST_F(Requests, ThatAreRefusedAgainAndAgainDoNotFillTheLog) {
  ::testing::internal::CaptureStdout();
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(push("twice 1\ntwice 2\n").status, 400);
    simulation_.clock().advance(milliseconds(1));
  }
  push("late 1 1000\nlate 1 500\n");
  simulation_.run_for(minutes(10));
  push("twice 1\ntwice 2\n");
  const std::string log = ::testing::internal::GetCapturedStdout();
  const std::string line = "samples were refused";
  std::size_t lines = 0;
  for (std::size_t at = log.find(line); at != std::string::npos; at = log.find(line, at + 1)) {
    ++lines;
  }
  EXPECT_EQ(lines, 3U) << "one for each reason, and again after a while\n" << log;
  EXPECT_NE(log.find("left_out_before=999"), std::string::npos) << log;
}

TEST_F(Requests, WakeTheRulesThatReadThem) {
  push("backup_failed 0\nbackup_runs 1\n");
  const double before = looks();
  for (int i = 0; i < 10; ++i) {
    simulation_.run_for(seconds(1));
    push("backup_runs " + std::to_string(i) + "\n");
  }
  EXPECT_EQ(looks(), before);
  push("backup_runs 1\nbackup_failed 1\n");
  EXPECT_EQ(looks(), before + 1);

  sources::PushedSeries written;
  written.labels = model::Labels{{"__name__", "backup_failed"}, {"job", "remote"}};
  written.samples.push_back({base::to_millis(pipeline_.now()), 9});
  sources::Pushed request;
  request.series.push_back(written);
  feed_.pushed(PushKind::kRemoteWrite, request, simulation_.clock().monotonic_now());
  simulation_.settle();
  EXPECT_EQ(looks(), before + 2);
  EXPECT_EQ(fired_, 1);
  feed_.pushed(PushKind::kRemoteWrite, request, simulation_.clock().monotonic_now());
  simulation_.settle();
  EXPECT_EQ(looks(), before + 2) << "nothing new";
}

}  // namespace
}  // namespace tocsin::app
