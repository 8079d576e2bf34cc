// Whether what alerts stand on is still being seen.
#include <gmock/gmock.h>

#include "unit/incidents/world.h"

namespace tocsin::incidents {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> notes(const Incident& incident) {
  std::vector<std::string> texts;
  for (const TimelineEntry& entry : incident.timeline) {
    if (entry.type == "incident.alert_data") {
      texts.push_back(entry.text);
    }
  }
  return texts;
}

TEST(AlertData, TheIncidentNotesWhenItGoesAndWhenItIsBack) {
  World world;
  world.fire(alert("Slow", "shop"));
  const auto tell = [&world](DataState state) {
    world.keep(world.registry.decide_data(
        world.now, std::vector<DataNews>{{state, alert("Slow", "shop"), world.now}}));
  };
  tell(DataState::kHeld);
  tell(DataState::kMissing);
  tell(DataState::kBack);
  EXPECT_THAT(notes(*world.at("INC-1")),
              ElementsAre("Slow: no data since 2026-01-01T00:00:00Z, kept as it was",
                          "Slow: data missing since 2026-01-01T00:00:00Z, goes on firing until a "
                          "poll succeeds",
                          "Slow: there is data again"));
  EXPECT_EQ(world.state("INC-1"), "open");
  const auto folded = fold(world.records_of("INC-1"));
  ASSERT_TRUE(folded);
  EXPECT_EQ(to_json(*folded), to_json(*world.at("INC-1")));
}

TEST(AlertData, ManyAlertsOfOneIncidentAreOneLine) {
  World world;
  std::vector<DataNews> news;
  for (const char* name : {"A", "B", "C"}) {
    world.fire(alert(name, "shop"));
    news.push_back({DataState::kHeld, alert(name, "shop"), world.now});
    world.now += seconds(1);
  }
  world.keep(world.registry.decide_data(world.now, news));
  EXPECT_THAT(notes(*world.at("INC-1")),
              ElementsAre("A and 2 more: no data since 2026-01-01T00:00:00Z, kept as it was"));
}

TEST(AlertData, AlertsOfNoIncidentAndThoseThatResolvedAreLeftOut) {
  World world;
  world.fire(alert("A", "shop"));
  world.resolve(alert("A", "shop"));
  const std::vector<DataNews> news = {{DataState::kHeld, alert("A", "shop"), world.now},
                                      {DataState::kHeld, alert("B", "bank"), world.now}};
  EXPECT_TRUE(world.registry.decide_data(world.now, news).empty());
  EXPECT_THAT(notes(*world.at("INC-1")), IsEmpty());
}

TEST(AlertData, AnUnknownStateIsRefused) {
  World world;
  world.fire(alert("A", "shop"));
  const std::vector<DataNews> news = {{DataState::kHeld, alert("A", "shop"), world.now}};
  model::Record record = world.registry.decide_data(world.now, news).records.at(0);
  record.payload["state"] = "elsewhere";
  EXPECT_EQ(world.registry.apply(record).error().code(), base::ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace tocsin::incidents
