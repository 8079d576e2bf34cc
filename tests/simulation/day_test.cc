#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "simulation/world.h"

namespace tocsin::testing {
namespace {

using std::chrono::hours;

struct Day {
  std::vector<std::string> journal;
  std::vector<Heard> heard;
  int faults = 0;
  int kills = 0;
};

Day live_a_day(std::uint64_t seed) {
  World world(seed, {});
  world.live(hours(24), hours(1));
  return {world.journal_lines(), world.surroundings().heard, world.faults(), world.kills()};
}

class SimulatedDay : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(SimulatedDay, IsTheSameForTheSameSeed) {
  const Day first = live_a_day(GetParam());
  const Day second = live_a_day(GetParam());
  ASSERT_GT(first.journal.size(), 100U);
  ASSERT_EQ(first.journal.size(), second.journal.size()) << "seed " << GetParam();
  for (std::size_t i = 0; i < first.journal.size(); ++i) {
    ASSERT_EQ(first.journal[i], second.journal[i]) << "seed " << GetParam();
  }
}

TEST_P(SimulatedDay, LosesNothingAndTellsEverybody) {
  const Day day = live_a_day(GetParam());
  EXPECT_GT(day.faults, 5);
  EXPECT_GT(day.kills, 5);

  // After the calm nothing is left open: what fired was told, and its end, too.
  std::map<std::string, bool> told_firing;  // by group
  for (const Heard& heard : day.heard) {
    told_firing[heard.group_key] = !heard.resolved;
  }
  EXPECT_GT(told_firing.size(), 1U);
  for (const auto& [group, firing] : told_firing) {
    EXPECT_FALSE(firing) << group << " was never told as resolved, seed " << GetParam();
  }

  // Every incident was opened once and is over, and every one was told.
  std::map<std::string, std::string> last;
  std::map<std::string, int> opened;
  for (const std::string& line : day.journal) {
    for (const char* type :
         {"incident.opened ", "incident.mitigated ", "incident.resolved ", "incident.reopened "}) {
      const auto at = line.find(type);
      if (at != std::string::npos) {
        const auto begin = at + std::string(type).size();
        const std::string id = line.substr(begin, line.find(' ', begin) - begin);
        last[id] = type;
        opened[id] += std::string(type) == "incident.opened " ? 1 : 0;
      }
    }
  }
  EXPECT_GT(opened.size(), 3U);
  std::set<std::string> told;
  for (const Heard& heard : day.heard) {
    told.insert(heard.incidents.begin(), heard.incidents.end());
  }
  for (const auto& [id, count] : opened) {
    EXPECT_EQ(count, 1) << id << ", seed " << GetParam();
    EXPECT_EQ(last[id], "incident.resolved ") << id << ", seed " << GetParam();
    EXPECT_TRUE(told.contains(id)) << id << " was never told, seed " << GetParam();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, SimulatedDay, ::testing::Values(1, 2, 20261122));

}  // namespace
}  // namespace tocsin::testing
