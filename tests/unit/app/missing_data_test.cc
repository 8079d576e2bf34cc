// What an incident tells while a target cannot be polled.
#include <gtest/gtest.h>

#include <algorithm>

#include "unit/app/core_world.h"

namespace tocsin::app {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

std::size_t notes(const CoreWorld& world, std::string_view what) {
  const auto incident = world.core().incidents().find("INC-1");
  if (!incident) {
    ADD_FAILURE() << "no incident";
    return 0;
  }
  return static_cast<std::size_t>(
      std::ranges::count_if(incident->timeline, [what](const incidents::TimelineEntry& entry) {
        return entry.type == "incident.alert_data" && entry.text.find(what) != std::string::npos;
      }));
}

TEST(MissingData, IsToldInTheIncidentAndResolvesNothing) {
  CoreWorld world(1);
  world.reload(true);  // with no_data: keep
  world.poll({{"a", 9}});
  for (base::Duration waited{0}; waited < minutes(40); waited += seconds(15)) {
    world.advance(seconds(15));
    world.fail_poll();
  }
  EXPECT_EQ(notes(world, "no data since"), 1U);
  EXPECT_EQ(notes(world, "data missing since"), 1U);
  EXPECT_EQ(world.core().incidents().find("INC-1")->state, incidents::State::kOpen);
  world.advance(seconds(15));
  world.poll({{"a", 9}});
  EXPECT_EQ(notes(world, "there is data again"), 1U);
  world.advance(seconds(15));
  world.poll({{"a", 1}});
  world.advance(seconds(30));
  world.poll({{"a", 1}});
  EXPECT_EQ(world.core().incidents().find("INC-1")->state, incidents::State::kMitigated);
}

}  // namespace
}  // namespace tocsin::app
