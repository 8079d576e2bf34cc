// What a wall clock that is set does to detection, through the feed and the pipeline.

#include <gtest/gtest.h>

#include "app/feed.h"
#include "app/pipeline.h"
#include "base/check.h"
#include "rules/rule_file.h"
#include "support/memory_journal.h"
#include "support/simulation.h"

namespace tocsin::app {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr base::Duration kInterval = seconds(15);

constexpr const char* kRules = R"(
groups:
- name: shop
  rules:
  - {alert: OrdersFailing, expr: 'rate(order_failures_total[1m]) > 1'}
)";

CoreOptions core_options() {
  CoreOptions options;
  options.engine.evaluation_interval = kInterval;
  options.dispatcher.route.receiver = "people";
  options.dispatcher.receivers["people"] = {};
  return options;
}

// One target, polled by the test, and who is told of alerts.
class ClockStep : public ::testing::Test {
 protected:
  ClockStep() {
    yaml::Problems problems;
    const base::Status started = simulation_.run(
        pipeline_.start(rules::decode(kRules, "shop.yml", {}, problems).groups, {}));
    TOCSIN_CHECK(started.has_value() && problems.ok(), "the pipeline did not start");
    pipeline_.on_changes([this](std::span<const model::AlertChange> changes) {
      for (const model::AlertChange& change : changes) {
        fired_ += change.transition == model::AlertTransition::kFired ? 1 : 0;
        resolved_ += change.transition == model::AlertTransition::kResolved ? 1 : 0;
      }
    });
    sources::TargetSpec spec;
    spec.pool = "shop";
    spec.id = "shop";
    spec.labels = model::Labels{{"job", "shop"}};
    spec.interval = kInterval;
    feed_.target_added(1, spec);
  }
  ~ClockStep() override {
    const base::Status stopped =
        simulation_.run(pipeline_.stop(simulation_.clock().monotonic_now() + seconds(1)));
    EXPECT_TRUE(stopped.has_value());
  }

  // Polls while `per_second` orders fail.
  void poll(int times, double per_second) {
    for (int i = 0; i < times; ++i) {
      simulation_.run_for(kInterval);
      failures_ += per_second * std::chrono::duration<double>(kInterval).count();
      arrive(simulation_.clock().wall_now());
    }
  }

  void arrive(base::WallTime started) {
    sources::Batch batch;
    batch.up = true;
    batch.started = started;
    batch.arrived = simulation_.clock().monotonic_now();
    batch.samples.push_back(
        {model::Labels{{model::kMetricName, "order_failures_total"}}, failures_, std::nullopt});
    feed_.batch_arrived(1, std::move(batch));
    simulation_.settle();
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
  double failures_ = 0;
  int fired_ = 0;
  int resolved_ = 0;
};

TEST_F(ClockStep, BackDoesNotBlindDetection) {
  poll(8, 0);
  simulation_.clock().step_wall(-hours(1));
  poll(2, 10);
  EXPECT_EQ(fired_, 1);
  EXPECT_EQ(store_.stats().refused_total, 0U);
}

TEST_F(ClockStep, BackDoesNotEndAnAlert) {
  poll(8, 10);
  ASSERT_EQ(fired_, 1);
  simulation_.clock().step_wall(-hours(1));
  poll(8, 10);
  EXPECT_EQ(resolved_, 0);
  EXPECT_EQ(fired_, 1);
  poll(8, 0);
  EXPECT_EQ(resolved_, 1);
}

TEST_F(ClockStep, APollThatBeganBeforeItDoesNotKeepLaterOnesOut) {
  poll(8, 0);
  const base::WallTime begun = simulation_.clock().wall_now() + seconds(14);
  simulation_.clock().step_wall(-hours(1));
  simulation_.run_for(kInterval);
  arrive(begun);
  poll(3, 10);
  EXPECT_EQ(fired_, 1);
  EXPECT_EQ(store_.stats().refused_total, 0U);
}

TEST_F(ClockStep, ForwardGoesOnWithNewSamples) {
  poll(8, 0);
  simulation_.clock().step_wall(hours(1));
  poll(3, 10);
  EXPECT_EQ(fired_, 1);
  EXPECT_EQ(store_.stats().refused_total, 0U);
}

TEST_F(ClockStep, ATargetThatGoesAndComesBackIsNotKeptOut) {
  poll(2, 0);
  simulation_.clock().step_wall(-hours(1));
  simulation_.run_for(seconds(61));
  const auto statuses = feed_.statuses();
  ASSERT_EQ(statuses.size(), 1U);
  feed_.target_removed(1);
  feed_.target_added(1, statuses[0].spec);
  poll(3, 10);
  EXPECT_EQ(fired_, 1);
  EXPECT_EQ(store_.stats().refused_total, 0U);
}

}  // namespace
}  // namespace tocsin::app
