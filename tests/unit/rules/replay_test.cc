// Replaying is living through; rounds and the grid agree.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/random.h"
#include "support/rule_harness.h"

namespace tocsin::rules {
namespace {

using std::chrono::seconds;
using testing::RuleHarness;

constexpr const char* kRules = R"(
groups:
- name: g
  rules:
  - {record: 'x:sum', expr: sum(x)}
  - {alert: High, expr: x > 5, for: 10s, keep_firing_for: 7s}
  - {alert: Sum, expr: 'x:sum > 18', labels: {severity: page}}
  - {alert: Quick, expr: 'x > 8', annotations: {at: '{{ $value }}'}}
)";

model::Labels instance(int number) {
  return {{"__name__", "x"}, {"instance", std::string(1, static_cast<char>('a' + number))}};
}

// Some minutes of random polls, failures, clock steps and restarts.
void live(RuleHarness& harness, std::uint64_t seed, bool faults) {
  base::SeededRandom random(seed);
  harness.load(kRules);
  harness.set_live({{1, seconds(5)}, {2, seconds(5)}});
  for (int turn = 0; turn < 60; ++turn) {
    for (const series::Origin origin : {1U, 2U}) {
      RuleHarness::Samples samples;
      for (int i = 0; i < 3; ++i) {
        const int number = static_cast<int>(origin - 1) * 3 + i;
        if (random.below(8) != 0) {
          samples.emplace_back(instance(number), static_cast<double>(random.below(10)));
        }
      }
      if (faults && random.below(10) == 0) {
        harness.fail_poll(origin);
      } else {
        harness.poll(origin, samples);
      }
    }
    if (faults && random.below(25) == 0) {
      harness.step_clock(seconds(10 + random.below(100)));
    }
    if (faults && random.below(20) == 0) {
      harness.restart();
    }
    harness.advance(seconds(5));
  }
}

TEST(Replay, GivesTheSameStateAsLivingThrough) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    RuleHarness harness;
    live(harness, seed, true);
    ASSERT_GT(harness.records().size(), 30U);
    Engine engine({}, nullptr);
    for (const model::Record& record : harness.records()) {
      ASSERT_TRUE(engine.apply(record).has_value());
    }
    EXPECT_EQ(engine.save(), harness.engine().save()) << "seed " << seed;
  }
}

TEST(Replay, FromASnapshotAtEveryPrefix) {
  RuleHarness harness;
  live(harness, 42, true);
  const auto& records = harness.records();
  Engine whole({}, nullptr);
  for (std::size_t prefix = 0; prefix <= records.size(); ++prefix) {
    Engine rest({}, nullptr);
    ASSERT_TRUE(rest.load_state(whole.save()).has_value());
    for (std::size_t i = prefix; i < records.size(); ++i) {
      ASSERT_TRUE(rest.apply(records[i]).has_value());
    }
    ASSERT_EQ(rest.save(), harness.engine().save()) << "after " << prefix << " records";
    if (prefix < records.size()) {
      ASSERT_TRUE(whole.apply(records[prefix]).has_value());
    }
  }
}

TEST(Replay, TheSameHistoryTwiceGivesTheSameRecords) {
  RuleHarness first;
  RuleHarness second;
  live(first, 7, true);
  live(second, 7, true);
  ASSERT_EQ(first.records().size(), second.records().size());
  for (std::size_t i = 0; i < first.records().size(); ++i) {
    EXPECT_EQ(first.records()[i].payload, second.records()[i].payload);
    EXPECT_EQ(first.records()[i].time, second.records()[i].time);
  }
}

struct Firing {
  base::WallTime from;
  std::optional<base::WallTime> to;
};

std::map<model::Labels, std::vector<Firing>> firing_intervals(const RuleHarness& harness) {
  std::map<model::Labels, std::vector<Firing>> intervals;
  for (const auto& event : harness.events()) {
    auto& list = intervals[event.alert.labels];
    if (event.transition == model::AlertTransition::kFired) {
      list.push_back({event.time, std::nullopt});
    } else if (event.transition == model::AlertTransition::kResolved) {
      list.back().to = event.time;
    }
  }
  std::erase_if(intervals, [](const auto& entry) { return entry.second.empty(); });
  return intervals;
}

// Each value holds for at least a minute, so that the grid cannot miss one.
void play_stream(RuleHarness& harness, std::uint64_t seed) {
  base::SeededRandom random(seed);
  harness.load(kRules);
  harness.set_live({{1, seconds(5)}, {2, seconds(5)}});
  std::map<int, double> values;
  for (int turn = 0; turn < 600; ++turn) {
    for (int i = 0; i < 6; ++i) {
      if (turn % 12 == 0) {
        values[i] = static_cast<double>(random.below(10));
      }
    }
    for (const series::Origin origin : {1U, 2U}) {
      RuleHarness::Samples samples;
      for (int i = 0; i < 3; ++i) {
        const int number = static_cast<int>(origin - 1) * 3 + i;
        samples.emplace_back(instance(number), values[number]);
      }
      harness.poll(origin, samples);
    }
    harness.advance(seconds(5));
  }
}

TEST(Replay, RoundsAndTheGridFireAtTheSameTimesWithinOneRound) {
  EngineOptions options;
  options.evaluation_interval = seconds(15);
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    options.evaluation = EvaluationMode::kRound;
    RuleHarness rounds(options);
    play_stream(rounds, seed);
    options.evaluation = EvaluationMode::kInterval;
    RuleHarness grid(options);
    play_stream(grid, seed);
    const auto ours = firing_intervals(rounds);
    const auto theirs = firing_intervals(grid);
    ASSERT_GT(ours.size(), 5U);
    ASSERT_EQ(ours.size(), theirs.size()) << "seed " << seed;
    // `for` of 10 s begins and ends at slots there: one interval for each edge.
    const base::Duration tolerance = seconds(30);
    for (const auto& [labels, list] : ours) {
      const auto other = theirs.find(labels);
      ASSERT_NE(other, theirs.end()) << labels.to_string();
      ASSERT_EQ(list.size(), other->second.size()) << labels.to_string();
      for (std::size_t i = 0; i < list.size(); ++i) {
        const Firing& theirs_i = other->second[i];
        EXPECT_LE(list[i].from, theirs_i.from) << "rounds are never later";
        EXPECT_GE(list[i].from + tolerance, theirs_i.from);
        ASSERT_EQ(list[i].to.has_value(), theirs_i.to.has_value());
        if (list[i].to) {
          EXPECT_LE(*list[i].to, *theirs_i.to);
          EXPECT_GE(*list[i].to + tolerance, *theirs_i.to);
        }
      }
    }
  }
}

}  // namespace
}  // namespace tocsin::rules
