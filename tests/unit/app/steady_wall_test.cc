#include "app/steady_wall.h"

#include <gtest/gtest.h>

#include "support/simulated_clock.h"

namespace tocsin::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Step {
  const char* name;
  milliseconds passes;   // on both clocks
  milliseconds set;      // the wall clock alone
  milliseconds stepped;  // what is reported
  milliseconds moves;    // how the reading differs from the one before
};

class WallClock : public ::testing::TestWithParam<Step> {};

TEST_P(WallClock, IsReadSteadily) {
  const Step& step = GetParam();
  testing::SimulatedClock clock;
  SteadyWall wall(clock);
  const base::WallTime before = wall.read().now;
  clock.advance(step.passes);
  clock.step_wall(step.set);
  const SteadyWall::Reading reading = wall.read();
  EXPECT_EQ(reading.stepped, step.stepped);
  EXPECT_EQ(reading.now - before, step.moves);
  EXPECT_EQ(wall.read().stepped, seconds(0)) << "a step is reported once";
}

constexpr Step kSteps[] = {
    {"TimePasses", seconds(60), seconds(0), seconds(0), seconds(60)},
    {"ALongSleepIsNoStep", seconds(100'000), seconds(0), seconds(0), seconds(100'000)},
    {"SmallCorrectionForward", seconds(1), seconds(5), seconds(0), seconds(6)},
    {"SmallCorrectionBackStandsStill", seconds(1), seconds(-5), seconds(0), seconds(0)},
    {"SmallCorrectionWithinWhatPassed", seconds(10), seconds(-3), seconds(0), seconds(7)},
    {"StepForward", seconds(1), milliseconds(5001), milliseconds(5001), milliseconds(6001)},
    {"StepBack", seconds(1), seconds(-3600), seconds(-3600), seconds(-3599)},
};

INSTANTIATE_TEST_SUITE_P(SteadyWall, WallClock, ::testing::ValuesIn(kSteps),
                         [](const auto& step) { return std::string(step.param.name); });

TEST(SteadyWall, CatchesUpAfterASmallCorrectionBack) {
  testing::SimulatedClock clock;
  SteadyWall wall(clock);
  clock.advance(seconds(10));
  const base::WallTime before = wall.read().now;
  clock.step_wall(-seconds(2));
  EXPECT_EQ(wall.read().now, before);
  clock.advance(seconds(1));
  EXPECT_EQ(wall.read().now, before) << "still behind what was given out";
  clock.advance(seconds(2));
  EXPECT_EQ(wall.read().now, before + seconds(1));
}

}  // namespace
}  // namespace tocsin::app
