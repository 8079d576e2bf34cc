#include "sources/manager.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "support/simulation.h"

namespace tocsin::sources {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Answers after `takes`; -1: never by itself.
class FakeSource final : public Source {
 public:
  FakeSource(testing::Simulation& simulation, base::Duration takes)
      : simulation_(simulation), takes_(takes) {}

  async::Task<Batch> poll(PollContext context) override {
    ++running;
    most = std::max(most, running);
    ++polls;
    const base::MonotonicTime until = takes_.count() < 0
                                          ? base::MonotonicTime::max()
                                          : simulation_.clock().monotonic_now() + takes_;
    const base::Status slept = co_await simulation_.timers().sleep_until(until);
    --running;
    if (throws) {
      throw std::runtime_error("broken plugin");
    }
    Batch batch;
    batch.up = slept.has_value();
    batch.error = slept ? "" : "cancelled";
    batch.started = context.started;
    co_return batch;
  }

  int polls = 0;
  int running = 0;
  int most = 0;
  bool throws = false;

 private:
  testing::Simulation& simulation_;
  base::Duration takes_;
};

struct Recorder final : BatchSink {
  void target_added(series::Origin origin, const TargetSpec& spec) override {
    log += "+" + std::to_string(origin) + spec.id + " ";
  }
  void batch_arrived(series::Origin origin, Batch batch) override {
    ++batches[origin];
    last[origin] = std::move(batch);
  }
  void target_removed(series::Origin origin) override { log += "-" + std::to_string(origin) + " "; }

  std::string log;
  std::map<series::Origin, int> batches;
  std::map<series::Origin, Batch> last;
};

struct Fixture {
  explicit Fixture(SharpeningOptions options = {}) : sharpening(options) {}

  testing::Simulation simulation;
  Recorder sink;
  Sharpening sharpening;
  Manager manager{
      {simulation.executor(), simulation.clock(), simulation.timers(), sink, &sharpening}};

  ~Fixture() { stop(); }
  void stop() {
    simulation.spawn(manager.stop(seconds(1)));
    simulation.run_for(seconds(3));
  }
  std::shared_ptr<FakeSource> source(base::Duration takes = milliseconds(1)) {
    return std::make_shared<FakeSource>(simulation, takes);
  }
  static Target target(const std::string& id, std::shared_ptr<Source> source,
                       base::Duration interval = seconds(10)) {
    Target made;
    made.spec.id = id;
    made.spec.interval = interval;
    made.spec.timeout = seconds(5);
    made.source = std::move(source);
    return made;
  }
};

TEST(Manager, PollsSoonAndThenOncePerInterval) {
  Fixture test;
  const auto source = test.source();
  test.manager.set_targets({Fixture::target("a", source)});
  test.simulation.run_for(milliseconds(1100));
  EXPECT_EQ(source->polls, 1);
  test.simulation.run_for(seconds(100));
  EXPECT_GE(source->polls, 10);
  EXPECT_LE(source->polls, 11);
  EXPECT_EQ(test.sink.batches[1], source->polls);
  EXPECT_EQ(test.manager.stats().missed, 0U);
}

TEST(Manager, DelaysNobodyForATargetThatNeverAnswers) {
  Fixture test;
  const auto endless = test.source(milliseconds(-1));
  const auto quick = test.source();
  test.manager.set_targets({Fixture::target("endless", endless), Fixture::target("quick", quick)});
  test.simulation.run_for(seconds(101));
  EXPECT_GE(quick->polls, 10);
  EXPECT_EQ(endless->most, 1) << "polls of one target never overlap";
  EXPECT_GE(test.sink.batches[1], 9);
  EXPECT_FALSE(test.sink.last[1].up);
  EXPECT_EQ(test.sink.last[1].error, "the poll did not end within 5s");
  EXPECT_GT(test.manager.stats().overrun, 0U);
  EXPECT_EQ(test.manager.stats().failed, test.manager.stats().overrun);
}

TEST(Manager, SkipsAndCountsMissedSlots) {
  Fixture test;
  const auto slow = test.source(milliseconds(4500));
  test.manager.set_targets({Fixture::target("slow", slow, seconds(1))});
  test.simulation.run_for(seconds(60));
  EXPECT_EQ(slow->most, 1);
  EXPECT_LE(slow->polls, 13);
  EXPECT_GT(test.manager.stats().missed, 40U);
  EXPECT_TRUE(test.sink.last[1].up);
  EXPECT_EQ(test.sink.last[1].duration_seconds, 4.5);
}

TEST(Manager, TurnsAnExceptionIntoAFailedPoll) {
  Fixture test;
  const auto source = test.source();
  source->throws = true;
  test.manager.set_targets({Fixture::target("a", source)});
  test.simulation.run_for(seconds(30));
  EXPECT_GT(test.sink.batches[1], 1);
  EXPECT_EQ(test.sink.last[1].error, "internal error: broken plugin");
}

TEST(Manager, KeepsWhatAReloadKeeps) {
  Fixture test;
  const auto kept = test.source();
  const auto gone = test.source();
  test.manager.set_targets({Fixture::target("kept", kept), Fixture::target("gone", gone)});
  test.simulation.run_for(seconds(20));
  const int before = gone->polls;
  const auto added = test.source();
  test.manager.set_targets({Fixture::target("added", added), Fixture::target("kept", kept),
                            Fixture::target("added", gone)});
  test.simulation.run_for(seconds(20));
  EXPECT_EQ(test.sink.log, "+1kept +2gone -2 +3added ");
  EXPECT_EQ(gone->polls, before) << "of two with one id the first counts";
  EXPECT_GE(added->polls, 1);
  EXPECT_EQ(test.manager.size(), 2U);
  EXPECT_EQ(test.manager.origin_of("gone"), 2U) << "numbers are never used again";
  EXPECT_EQ(test.manager.origin_of("rules"), 4U);
}

TEST(Manager, SwapsSourceAndSpecificationInTheSameRhythm) {
  Fixture test;
  const auto before = test.source();
  test.manager.set_targets({Fixture::target("a", before)});
  test.simulation.run_for(seconds(20));
  const auto after = test.source();
  Target changed = Fixture::target("a", after);
  changed.spec.sample_limit = 5;
  test.manager.set_targets({changed});
  test.simulation.run_for(seconds(20));
  EXPECT_EQ(test.sink.log, "+1a +1a ");
  EXPECT_EQ(after->polls, 2);
  // Another interval counts at once, not after the old one.
  test.manager.set_targets({Fixture::target("a", after, seconds(2))});
  test.simulation.run_for(seconds(20));
  EXPECT_GE(after->polls, 10);
}

TEST(Manager, DropsABatchOfATargetThatHasGone) {
  Fixture test;
  const auto slow = test.source(seconds(4));
  test.manager.set_targets({Fixture::target("slow", slow)});
  test.simulation.run_for(seconds(2));
  ASSERT_EQ(slow->running, 1);
  test.manager.set_targets({});
  test.simulation.run_for(seconds(20));
  EXPECT_EQ(slow->running, 0);
  EXPECT_EQ(test.sink.batches[1], 0);
}

TEST(Manager, StopsInTheMiddleOfPolls) {
  Fixture test;
  const auto endless = test.source(milliseconds(-1));
  test.manager.set_targets({Fixture::target("endless", endless)});
  test.simulation.run_for(seconds(2));
  test.stop();
  EXPECT_EQ(endless->running, 0);
  EXPECT_EQ(test.manager.size(), 0U);
  test.manager.set_targets({Fixture::target("late", test.source())});
  EXPECT_EQ(test.manager.size(), 0U);
  EXPECT_EQ(test.sink.log, "+1endless ") << "stopping removes nothing";
}

TEST(Manager, PollsBetweenRegularPollsWhenAsked) {
  Fixture test({.extra_share = 10});
  const auto source = test.source();
  test.manager.set_targets({Fixture::target("a", source)});
  const series::Origin origin = test.manager.origin_of("a");
  const auto now = [&test] { return test.simulation.clock().monotonic_now(); };
  test.sharpening.add(origin, seconds(10), true, now());
  test.simulation.run_for(seconds(101));
  EXPECT_EQ(test.manager.stats().extra, 0U);
  const int calm = source->polls;
  test.sharpening.poll_ended(origin, true, true, now());
  test.simulation.run_for(seconds(100));
  EXPECT_NEAR(source->polls - calm, 50, 5);
  EXPECT_NEAR(static_cast<double>(test.manager.stats().extra), 40, 5);
  test.sharpening.poll_ended(origin, true, false, now());
  const int busy = source->polls;
  test.simulation.run_for(seconds(100));
  EXPECT_NEAR(source->polls - busy, 10, 1);
  EXPECT_EQ(test.manager.stats().missed, 0U);
}

}  // namespace
}  // namespace tocsin::sources
