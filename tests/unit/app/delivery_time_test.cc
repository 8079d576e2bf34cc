// How long a delivery may take is the notifier's to say.

#include <gtest/gtest.h>

#include "app/pipeline.h"
#include "base/check.h"
#include "rules/rule_file.h"
#include "support/memory_journal.h"
#include "support/simulation.h"

namespace tocsin::app {
namespace {

using std::chrono::seconds;

constexpr const char* kRules = R"(
groups:
- name: queues
  rules:
  - {alert: Always, expr: 'vector(1)'}
)";

CoreOptions core_options() {
  CoreOptions options;
  options.engine.evaluation_interval = seconds(15);
  options.dispatcher.route.receiver = "people";
  options.dispatcher.route.group_wait = seconds(0);
  options.dispatcher.receivers["people"] = {{.name = "webhook[0]", .send_resolved = true}};
  return options;
}

/// Takes a minute for each notice.
class SlowNotifier final : public notifiers::Notifier {
 public:
  SlowNotifier(async::Timers& timers, const base::Clock& clock) : timers_(timers), clock_(clock) {}
  base::Duration time_limit() const override { return seconds(90); }
  async::Task<notifiers::Outcome> deliver(model::Notice, base::MonotonicTime deadline) override {
    ++tries;
    const base::MonotonicTime done = clock_.monotonic_now() + seconds(60);
    const base::MonotonicTime end = std::min(done, deadline);
    const base::Status slept = co_await timers_.sleep_until(end);
    static_cast<void>(slept);
    notifiers::Outcome outcome;
    outcome.reason = "timeout";
    if (clock_.monotonic_now() >= done) {
      outcome = {notifiers::OutcomeKind::kDelivered, {}, {}};
    }
    co_return outcome;
  }
  int tries = 0;

 private:
  async::Timers& timers_;
  const base::Clock& clock_;
};

TEST(DeliveryTime, IsWhatTheNotifierNeeds) {
  testing::Simulation simulation;
  base::SeededRandom random{1};
  testing::MemoryJournal journal;
  series::Store store{{}};
  Metrics metrics;
  Pipeline pipeline{{.executor = simulation.executor(),
                     .clock = simulation.clock(),
                     .timers = simulation.timers(),
                     .random = random,
                     .journal = journal,
                     .store = store,
                     .metrics = metrics},
                    core_options(),
                    {}};
  const auto notifier = std::make_shared<SlowNotifier>(simulation.timers(), simulation.clock());
  pipeline.set_notifiers({{{"people", "webhook[0]"}, notifier}});
  yaml::Problems problems;
  const base::Status started =
      simulation.run(pipeline.start(rules::decode(kRules, "queues.yml", {}, problems).groups, {}));
  ASSERT_TRUE(started);
  simulation.run_for(seconds(200));
  EXPECT_EQ(notifier->tries, 1);
  EXPECT_EQ(pipeline.core().outbox().stats().pending, 0U);
  EXPECT_TRUE(simulation.run(pipeline.stop(simulation.clock().monotonic_now() + seconds(1))));
}

TEST(DeliveryCounters, BeginAtZero) {
  Metrics metrics;
  metrics.expect_attempts("oncall", "slack[0]");
  for (const char* outcome : {"delivered", "retry", "refused"}) {
    EXPECT_NE(metrics.page().find("tocsin_notifiers_attempts_total{integration=\"slack[0]\","
                                  "outcome=\"" +
                                  std::string(outcome) + "\",receiver=\"oncall\"} 0"),
              std::string::npos)
        << metrics.page();
  }
}

}  // namespace
}  // namespace tocsin::app
