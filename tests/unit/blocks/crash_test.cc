// kill -9 at random moments: whatever was committed a flush before the kill is there, and nothing
// is torn, doubled or out of order.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

#include "base/random.h"
#include "base/text.h"
#include "keeper_world.h"
#include "support/process.h"

namespace tocsin::blocks {
namespace {

constexpr auto kMostLost = std::chrono::milliseconds(900);

class Crash : public KeeperWorld {
 protected:
  static std::int64_t last_number(const std::string& output) {
    const std::size_t end = output.rfind('\n');
    if (end == std::string::npos) {
      return 0;
    }
    const std::size_t begin = output.rfind('\n', end - 1);
    const std::size_t from = begin == std::string::npos ? 0 : begin + 1;
    return static_cast<std::int64_t>(
        base::parse_number(output.substr(from, end - from)).value_or(0));
  }

  /// Runs the writer for a while and kills it; gives the number that has to be there.
  std::int64_t write_and_kill(std::chrono::milliseconds time, const std::string& pace) {
    starts_ms_.push_back(base::to_millis(loop_.clock().wall_now()));
    tocsin::testing::Process writer(
        {.argv = {std::string(TOCSIN_BINARY_DIR) + "/tests/blocks_crash_writer", options_.path,
                  pace},
         .environment = {}});
    std::this_thread::sleep_for(time);
    const std::int64_t safe = last_number(writer.output());
    std::this_thread::sleep_for(kMostLost);
    EXPECT_TRUE(writer.running()) << writer.output().substr(0, 300);
    writer.kill();
    return safe;
  }

  bool of_two_runs(std::int64_t earlier_ms, std::int64_t later_ms) const {
    return std::ranges::any_of(starts_ms_, [&](std::int64_t start_ms) {
      return earlier_ms <= start_ms && start_ms <= later_ms;
    });
  }

  void check(std::int64_t safe) {
    const RestoreReport report = open();
    EXPECT_EQ(report.damaged_blocks + report.damaged_log_rows + report.unknown_samples, 0U);
    const std::vector<series::Selection> all = {{{}, -kEver, kEver}};
    const auto older = loop_.run(keeper_->load(all));
    ASSERT_TRUE(older);
    std::set<std::int64_t> numbers;
    const series::Snapshot snapshot = store_->snapshot(all, *older);
    for (const series::PinnedSeries& series : snapshot.series(0)) {
      std::vector<model::Sample> found;
      series.samples->read(-kEver, kEver, found);
      for (std::size_t i = 0; i < found.size(); ++i) {
        // Without a gap within a run. Between two runs a series may lack its last numbers where
        // another one, sealed a moment later, has them.
        const double step = i == 0 ? 1 : found[i].value - found[i - 1].value;
        const bool other_run = i > 0 && of_two_runs(found[i - 1].time_ms, found[i].time_ms);
        ASSERT_TRUE(step == 1 || (other_run && step > 1 && step < 450))
            << series.labels.to_string() << ' ' << found[i - 1].value << ' ' << found[i].value
            << ", " << found[i].time_ms - found[i - 1].time_ms << " ms later";
        ASSERT_TRUE(i == 0 || found[i].time_ms > found[i - 1].time_ms);
        numbers.insert(static_cast<std::int64_t>(found[i].value));
      }
    }
    ASSERT_FALSE(numbers.empty());
    EXPECT_EQ(static_cast<std::int64_t>(numbers.size()), *numbers.rbegin() - *numbers.begin() + 1);
    EXPECT_GE(*numbers.rbegin(), safe);
    close();
  }

 private:
  std::vector<std::int64_t> starts_ms_;  // of the writers, by the clock that stamps their samples
};

TEST_F(Crash, NothingIsTornAndTheLastSecondAtMostIsLost) {
  clock_.now_ms = base::to_millis(loop_.clock().wall_now());
  base::SeededRandom random(loop_.clock().wall_now().time_since_epoch().count());
  for (int round = 0; round < 6 && !HasFatalFailure(); ++round) {
    const std::chrono::milliseconds time(200 + random.below(700));
    SCOPED_TRACE(std::to_string(round) + ": " + std::to_string(time.count()) + " ms");
    const std::int64_t safe = write_and_kill(time, "fast");
    clock_.now_ms = base::to_millis(loop_.clock().wall_now());
    check(safe);
  }
}

TEST_F(Crash, WithTheShippedPaceTheLastSecondAtMostIsLost) {
  clock_.now_ms = base::to_millis(loop_.clock().wall_now());
  base::SeededRandom random(loop_.clock().wall_now().time_since_epoch().count());
  for (int round = 0; round < 6 && !HasFatalFailure(); ++round) {
    const std::chrono::milliseconds time(200 + random.below(1300));
    SCOPED_TRACE(std::to_string(round) + ": " + std::to_string(time.count()) + " ms");
    const std::int64_t safe = write_and_kill(time, "shipped");
    clock_.now_ms = base::to_millis(loop_.clock().wall_now());
    check(safe);
  }
}

}  // namespace
}  // namespace tocsin::blocks
