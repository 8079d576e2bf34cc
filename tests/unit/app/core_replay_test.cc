// Replaying the records gives the state that was lived through, for every machine at once.

#include <gtest/gtest.h>

#include "unit/app/core_world.h"

namespace tocsin::app {
namespace {

using std::chrono::seconds;
using Kind = routing::DeliveryOutcome::Kind;

void live_a_moment(CoreWorld& world, base::Random& random) {
  switch (random.below(12)) {
    case 0:
      world.fail_poll();
      break;
    case 1:
    case 2:
      world.answer(Kind::kDelivered);
      break;
    case 3:
      world.answer(random.below(3) == 0 ? Kind::kRefused : Kind::kRetry);
      break;
    case 4:
      world.cancel();
      break;
    case 5:
      if (random.below(8) == 0) {
        world.step_clock(seconds(random.below(7200)) - seconds(3600));
      }
      break;
    case 6:
      if (random.below(6) == 0) {
        world.restart(random.below(2) == 0);
      }
      break;
    case 7:
      if (random.below(6) == 0) {
        world.reload(random.below(2) == 0);
      }
      break;
    case 8:
      world.advance(seconds(1 + random.below(600)));
      break;
    default: {
      world.advance(seconds(15));
      std::map<std::string, double> values;
      for (const char* shop : {"a", "b", "c"}) {
        if (random.below(8) != 0) {
          values[shop] = static_cast<double>(random.below(9));
        }
      }
      world.poll(values);
    }
  }
}

class CoreReplay : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(CoreReplay, OfAllRecordsIsLivingThrough) {
  base::SeededRandom random(GetParam());
  CoreWorld world(GetParam());
  // To replay everything after each moment would take the square of the history. What goes wrong
  // stays wrong for a while, so that every fifth moment shows it; the seeds differ in which.
  constexpr std::uint64_t kMoments = 250;
  constexpr std::uint64_t kStride = 5;
  std::size_t checked = 0;
  for (std::uint64_t moment = 0; moment < kMoments; ++moment) {
    live_a_moment(world, random);
    const bool due = (moment + GetParam()) % kStride == 0 || moment + 1 == kMoments;
    if (!due || world.records().size() == checked) {
      continue;
    }
    checked = world.records().size();
    const auto replayed = CoreWorld::empty_core(random);
    const base::Status restored = world.restore(*replayed, std::nullopt, world.records());
    ASSERT_TRUE(restored.has_value()) << restored.error().message();
    ASSERT_EQ(state_of(*replayed), state_of(world.core())) << "after " << checked << " records";
  }
  EXPECT_GT(checked, 100U) << "a history in which something happens";
}

TEST_P(CoreReplay, FromASnapshotAfterAnyRecord) {
  base::SeededRandom random(GetParam() + 1000);
  CoreWorld world(GetParam());
  while (world.records().size() < 150) {
    live_a_moment(world, random);
  }
  const auto& records = world.records();
  const auto prefix = CoreWorld::empty_core(random);
  for (std::size_t i = 0; i <= records.size(); ++i) {
    const auto rest = CoreWorld::empty_core(random);
    const std::span<const model::Record> later(records.begin() + static_cast<std::ptrdiff_t>(i),
                                               records.end());
    const base::Status restored = world.restore(*rest, through_text(prefix->save()), later);
    ASSERT_TRUE(restored.has_value()) << restored.error().message();
    ASSERT_EQ(state_of(*rest), state_of(world.core())) << "snapshot after " << i << " records";
    if (i < records.size()) {
      ASSERT_TRUE(prefix->apply(records[i]).has_value());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, CoreReplay, ::testing::Range<std::uint64_t>(1, 7));

}  // namespace
}  // namespace tocsin::app
