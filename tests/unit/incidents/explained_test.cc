// What an incident keeps so that its page can be explained: values, annotations, sequences.
#include <gmock/gmock.h>

#include "unit/incidents/world.h"

namespace tocsin::incidents {
namespace {

using ::testing::ElementsAre;

const Signal& only_signal(const Incident& incident) {
  EXPECT_EQ(incident.signals.size(), 1U);
  return incident.signals.begin()->second;
}

std::vector<int> sequences(const Incident& incident) {
  std::vector<int> all;
  for (const TimelineEntry& entry : incident.timeline) {
    all.push_back(static_cast<int>(entry.sequence));
  }
  return all;
}

TEST(Explained, AnAlertKeepsValueAndAnnotations) {
  World world;
  auto change = testing::fired(world.now, alert("A", "shop"),
                               {{"summary", "slow"}, {"runbook", std::string(2000, 'x')}});
  change.alert.value = 0.25;
  world.change({change});
  const auto check = [](const Incident& incident) {
    const Signal& signal = only_signal(incident);
    EXPECT_EQ(signal.value, 0.25);
    EXPECT_EQ(signal.annotations.get("summary"), "slow");
    EXPECT_EQ(signal.annotations.get("runbook").size(), 1000U) << "bounded";
  };
  check(*world.at("INC-1"));
  const auto folded = fold(world.records_of("INC-1"));
  ASSERT_TRUE(folded);
  check(*folded);
  const auto loaded = incident_from_json(to_json(*folded));
  ASSERT_TRUE(loaded);
  check(*loaded);
}

// As they were written before these were kept.
TEST(Explained, RecordsAndSnapshotsOfBeforeAreRead) {
  World world;
  world.fire(alert("A", "shop"), {{"summary", "slow"}});
  auto records = world.records_of("INC-1");
  records[1].payload.erase("annotations");
  records[1].payload.erase("value_bits");
  const auto folded = fold(records);
  ASSERT_TRUE(folded) << folded.error().to_string();
  EXPECT_EQ(only_signal(*folded).annotations, (Labels{{"summary", "slow"}}));
  boost::json::object snapshot = to_json(*world.at("INC-1"));
  boost::json::object& signal = snapshot["signals"].as_array()[0].as_object();
  signal.erase("annotations");
  signal.erase("value_bits");
  for (auto& entry : snapshot["timeline"].as_array()) {
    entry.as_object().erase("sequence");
  }
  const auto loaded = incident_from_json(snapshot);
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  EXPECT_EQ(only_signal(*loaded).annotations, (Labels{{"summary", "slow"}}));
  EXPECT_THAT(sequences(*loaded), ElementsAre(0, 0));
}

TEST(Explained, LinesGetTheSequencesOfTheirRecords) {
  World world;
  world.fire(alert("A", "shop"));
  world.fire(alert("B", "shop"));
  EXPECT_THAT(sequences(*world.at("INC-1")), ElementsAre(0, 0, 0));
  world.registry.note_written("INC-1", 7);
  world.registry.note_written("INC-1", 0);  // from memory: the journal refuses
  world.registry.note_written("INC-1", 9);
  world.registry.note_written("INC-1", 10);  // one too many, and of an unknown incident
  world.registry.note_written("INC-2", 11);
  EXPECT_THAT(sequences(*world.at("INC-1")), ElementsAre(7, 0, 9));
  model::Record replayed = world.journal.back();
  replayed.sequence = 12;
  ASSERT_TRUE(world.registry.apply(replayed));
  EXPECT_THAT(sequences(*world.at("INC-1")), ElementsAre(7, 0, 9, 12));
}

TEST(Explained, DroppedLinesTakeTheirSequencesAlong) {
  World world;
  std::vector<model::Record> numbered;
  for (int i = 0; i < 300; ++i) {
    world.fire(alert("A" + std::to_string(i), "shop"));
  }
  ASSERT_GT(world.journal.size(), kMaxTimeline);
  for (std::size_t i = 0; i < world.journal.size(); ++i) {
    world.registry.note_written("INC-1", i + 1);
    numbered.push_back(world.journal[i]);
    numbered.back().sequence = i + 1;
  }
  const auto folded = fold(numbered);
  ASSERT_TRUE(folded);
  EXPECT_EQ(to_json(*world.at("INC-1")), to_json(*folded));
}

}  // namespace
}  // namespace tocsin::incidents
