// Replay gives the state that was lived through, for random histories and each of their prefixes.
#include <gtest/gtest.h>

#include "base/random.h"
#include "unit/incidents/world.h"

namespace tocsin::incidents {
namespace {

std::vector<Labels> alerts_of_a_small_world() {
  std::vector<Labels> all;
  for (const char* service : {"", "shop", "bank"}) {
    for (const char* severity : {"critical", "warning", "page", "info"}) {
      all.push_back(alert(std::string("A") + severity, service, severity));
    }
  }
  return all;
}

void live_a_moment(World& world, const std::vector<Labels>& all, base::Random& random) {
  switch (random.below(8)) {
    case 0:
      world.wait(minutes(random.below(45)));
      break;
    case 1:
      world.wait(seconds(random.below(90)));
      break;
    case 2:
      if (random.below(6) == 0) {
        world.step_clock(minutes(random.below(200)) - minutes(100));
      }
      break;
    case 3:
      if (const auto live = world.registry.live(); !live.empty()) {
        model::Notice notice;
        notice.id = "n";
        notice.incidents = {live[random.below(live.size())]->brief()};
        world.keep(world.registry.decide_delivered(world.now, notice));
      }
      break;
    default: {
      std::vector<model::AlertChange> changes;
      for (std::uint64_t count = 1 + random.below(4); count > 0; --count) {
        const Labels& labels = all[random.below(all.size())];
        changes.push_back(random.below(2) == 0
                              ? testing::fired(world.now, labels, {{"impact", "x"}})
                              : testing::resolved(world.now, labels));
      }
      world.change(changes);
    }
  }
}

void check_invariants(const World& world) {
  std::map<std::uint64_t, int> firing_in;
  for (const auto& incident : world.registry.live()) {
    EXPECT_EQ(incident->state == State::kOpen, incident->firing > 0) << incident->id();
    for (const auto& [fingerprint, signal] : incident->signals) {
      firing_in[fingerprint] += signal.resolved_at ? 0 : 1;
    }
    const Clocks& clocks = incident->clocks;
    EXPECT_LE(clocks.occurred, clocks.detected);
    EXPECT_LE(clocks.detected, clocks.first_notice.value_or(clocks.detected));
    EXPECT_LE(clocks.detected, clocks.mitigated.value_or(clocks.detected));
  }
  for (const auto& [fingerprint, count] : firing_in) {
    EXPECT_LE(count, 1) << "an alert fires in two incidents";
  }
}

TEST(IncidentReplay, EveryPrefixOfARandomHistory) {
  const auto all = alerts_of_a_small_world();
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    base::SeededRandom random(seed);
    World world;
    while (world.journal.size() < 120) {
      live_a_moment(world, all, random);
      check_invariants(world);
    }
    Registry lived;
    Registry replayed;
    boost::json::object snapshot = lived.save();
    for (const model::Record& record : world.journal) {
      ASSERT_TRUE(lived.apply(record));
      ASSERT_TRUE(replayed.apply(testing::through_text(record)));
      // A restart from a snapshot at any point goes on with the same state.
      if (random.below(5) == 0) {
        const auto text = boost::json::serialize(replayed.save());
        Registry restarted;
        ASSERT_TRUE(restarted.load(boost::json::parse(text)));
        replayed = restarted;
      }
      ASSERT_EQ(replayed.save(), lived.save());
      ASSERT_EQ(replayed.next_deadline(), lived.next_deadline());
    }
    EXPECT_EQ(lived.save(), world.registry.save());
  }
}

TEST(IncidentReplay, CorruptRecordsChangeNothing) {
  World world;
  world.fire(alert("A", "shop"), {{"impact", "x"}});
  world.fire({{"alertname", "X"}, {"service", "shop"}, {"seriousness", "high"}});
  world.resolve(alert("A", "shop"));
  Registry registry;
  for (const model::Record& record : world.journal) {
    const auto before = registry.save();
    for (const auto& [key, value] : record.payload) {
      model::Record damaged = record;
      damaged.payload[key] = boost::json::array{1};
      EXPECT_EQ(registry.apply(damaged).error().code(), base::ErrorCode::kCorrupt)
          << record.type << " " << std::string_view(key);
    }
    for (const auto& damage : std::initializer_list<void (*)(model::Record&)>{
             [](model::Record& r) { r.version = 2; }, [](model::Record& r) { r.subject = "INC-x"; },
             [](model::Record& r) { r.subject = "1"; },
             [](model::Record& r) {
               r.subject = "INC-1";
               r.type = "incident.nonsense";
             }}) {
      model::Record damaged = record;
      damage(damaged);
      if (!registry.find("INC-1") && damaged.type == "incident.nonsense") {
        continue;
      }
      EXPECT_FALSE(registry.apply(damaged)) << damaged.type << " " << damaged.subject;
    }
    EXPECT_EQ(registry.save(), before);
    ASSERT_TRUE(registry.apply(record));
  }
  EXPECT_FALSE(registry.apply(world.journal.front())) << "a number is given once";
  model::Record foreign = world.journal.front();
  foreign.type = "alert.fired";
  EXPECT_TRUE(registry.apply(foreign));
  model::Record closed = world.journal.back();
  closed.subject = "INC-900";
  EXPECT_TRUE(registry.apply(closed));
  auto step = model::clock_step_record(world.now, seconds(1));
  step.payload.clear();
  EXPECT_FALSE(registry.apply(step));
}

TEST(IncidentReplay, DamagedSnapshotsChangeNothing) {
  World world;
  world.fire(alert("A", "shop"));
  world.resolve(alert("A", "shop"));
  world.wait(minutes(10));
  world.wait(minutes(30));
  world.fire(alert("A", "shop"));
  const auto good = world.registry.save();
  for (const auto& [key, value] : good) {
    auto damaged = good;
    damaged[key] = "x";
    EXPECT_FALSE(world.registry.load(damaged)) << std::string_view(key);
  }
  for (const auto& [key, value] : good.at("incidents").at(0).as_object()) {
    auto damaged = good;
    damaged["incidents"].as_array()[0].as_object()[key] = boost::json::object{};
    if (key != "id") {
      EXPECT_FALSE(world.registry.load(damaged)) << std::string_view(key);
    }
  }
  for (const char* list : {"signals", "facts", "timeline"}) {
    auto damaged = good;
    damaged["incidents"].as_array()[0].as_object()[list].as_array()[0] = 1;
    EXPECT_FALSE(world.registry.load(damaged)) << list;
  }
  auto damaged = good;
  damaged["past"].as_array()[0] = 1;
  EXPECT_FALSE(world.registry.load(damaged));
  EXPECT_FALSE(world.registry.load(boost::json::value(1)));
  EXPECT_EQ(world.registry.save(), good);
}

}  // namespace
}  // namespace tocsin::incidents
