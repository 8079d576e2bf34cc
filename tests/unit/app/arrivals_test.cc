// Batches that arrive together are looked at together.

#include <gtest/gtest.h>

#include "app/pipeline.h"
#include "base/check.h"
#include "rules/rule_file.h"
#include "support/memory_journal.h"
#include "support/simulation.h"

namespace tocsin::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kRules = R"(
groups:
- name: queues
  rules:
  - {alert: QueueLong, expr: 'queue_length > 5'}
)";

CoreOptions core_options() {
  CoreOptions options;
  options.engine.evaluation_interval = seconds(15);
  options.engine.evaluation_cpu_share = 0;
  options.dispatcher.route.receiver = "people";
  options.dispatcher.receivers["people"] = {};
  return options;
}

class Arrivals : public ::testing::Test {
 protected:
  Arrivals() {
    yaml::Problems problems;
    const base::Status started = simulation_.run(
        pipeline_.start(rules::decode(kRules, "queues.yml", {}, problems).groups, {}));
    TOCSIN_CHECK(started.has_value() && problems.ok(), "the pipeline did not start");
    pipeline_.on_changes([this](std::span<const model::AlertChange> changes) {
      for (const model::AlertChange& change : changes) {
        fired_ += change.transition == model::AlertTransition::kFired ? 1 : 0;
      }
    });
    pipeline_.set_live_origins({{1, seconds(5)}});
    push(0);
    simulation_.run_for(seconds(1));
  }
  ~Arrivals() override {
    const base::Status stopped =
        simulation_.run(pipeline_.stop(simulation_.clock().monotonic_now() + seconds(1)));
    EXPECT_TRUE(stopped.has_value());
  }

  void push(double length) {
    simulation_.clock().advance(milliseconds(1));
    series::Appender appender = store_.appender(1);
    TOCSIN_CHECK(appender
                     .append(model::Labels{{model::kMetricName, "queue_length"}},
                             {base::to_millis(simulation_.clock().wall_now()), length})
                     .has_value(),
                 "not stored");
    const series::CommitResult result = appender.commit();
    pipeline_.on_arrival({.origin = 1,
                          .up = true,
                          .arrived = simulation_.clock().monotonic_now(),
                          .created = result.created});
  }
  double looks() { return metrics_.rules_evaluations_total.Add({}).Value(); }

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
  int fired_ = 0;
};

TEST_F(Arrivals, ABatchAloneIsLookedAtWithoutDelay) {
  const double before = looks();
  push(9);
  simulation_.settle();  // no time passes
  EXPECT_EQ(looks(), before + 1);
  EXPECT_EQ(fired_, 1);
}

TEST_F(Arrivals, BatchesOfOneTurnAreLookedAtOnce) {
  const double before = looks();
  for (int i = 0; i < 20; ++i) {
    push(i);
  }
  EXPECT_EQ(looks(), before) << "within the turn nothing is looked at";
  simulation_.settle();
  EXPECT_EQ(looks(), before + 1);
  EXPECT_EQ(fired_, 1) << "with the newest of them";
  push(0);
  simulation_.settle();
  EXPECT_EQ(looks(), before + 2) << "and the next turn has its own";
}

}  // namespace
}  // namespace tocsin::app
