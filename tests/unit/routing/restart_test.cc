// Random histories with failing deliveries: every prefix replays to the state that was lived
// through, and after a restart at any input everybody learns in the end what is true.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "unit/routing/world.h"

namespace tocsin::routing {
namespace {

// What the people behind the integrations believe: who fires.
using Beliefs = std::map<std::string, std::set<std::uint64_t>>;

struct Machines {
  Dispatcher dispatcher{two_integrations()};
  Outbox outbox;

  void apply(const model::Record& record) {
    const auto grouped = dispatcher.apply(record);
    const auto queued = outbox.apply(record);
    ASSERT_TRUE(grouped && queued) << record.type;
  }
  boost::json::object save() const {
    return {{"dispatcher", dispatcher.save()}, {"outbox", outbox.save()}};
  }
};

struct Life {
  base::WallTime now = base::from_millis(1'767'225'600'000);
  base::Duration stepped{0};
  Machines machines;
  std::vector<model::Record> journal;
  std::set<std::uint64_t> firing;
  Beliefs beliefs;
  std::map<GroupId, base::WallTime> last_told;

  void keep(const std::vector<model::Record>& records) {
    for (const model::Record& record : records) {
      machines.apply(record);
      journal.push_back(record);
      check_interval(record);
    }
  }

  // Nobody is told twice of a group within its interval.
  void check_interval(const model::Record& record) {
    if (record.type != "group.flushed") {
      return;
    }
    const GroupId id{record.payload.at("receiver").as_string().c_str(),
                     record.payload.at("group_key").as_string().c_str()};
    const base::WallTime unstepped = record.time - stepped;
    if (const auto last = last_told.find(id); last != last_told.end()) {
      EXPECT_GE(unstepped - last->second, minutes(5)) << id.second;
    }
    last_told[id] = unstepped;
    if (!machines.dispatcher.groups().contains(id)) {
      last_told.erase(id);
    }
  }

  void change(const std::vector<model::AlertChange>& changes) {
    for (const model::AlertChange& change : changes) {
      if (change.transition == model::AlertTransition::kFired) {
        firing.insert(change.alert.labels.hash());
      } else {
        firing.erase(change.alert.labels.hash());
      }
    }
    machines.dispatcher.observe(changes);
    keep(machines.dispatcher.decide_alerts(now, changes).records);
    keep(machines.dispatcher.decide_due(now, World::incident_of).records);
  }

  void step_clock(base::Duration by) {
    now += by;
    stepped += by;
    keep({model::clock_step_record(now, by)});
  }

  void learn(const model::Notice& notice) {
    for (const model::Alert& alert : notice.alerts) {
      auto& known = beliefs[notice.integration];
      if (alert.resolved()) {
        known.erase(alert.labels.hash());
      } else {
        known.insert(alert.labels.hash());
      }
    }
  }

  // One turn of the loop: look at groups, try deliveries. Some fail, some answers are lost.
  void turn(base::Random& random, std::uint64_t failures_of_ten) {
    keep(machines.dispatcher.decide_due(now, World::incident_of).records);
    const auto due = machines.outbox.decide_due(now);
    keep(due.records);
    for (const model::Notice& notice : due.send) {
      machines.outbox.mark_in_flight(notice.id);
      const bool fails = random.below(10) < failures_of_ten;
      if (!fails || random.below(2) == 0) {
        learn(notice);
      }
      if (fails && random.below(4) == 0) {
        continue;  // still under way; a later restart forgets it
      }
      DeliveryOutcome outcome;
      outcome.kind = fails ? DeliveryOutcome::Kind::kRetry : DeliveryOutcome::Kind::kDelivered;
      if (fails && random.below(3) == 0) {
        outcome.kind = DeliveryOutcome::Kind::kRefused;
      }
      const bool later = machines.outbox.has_later(notice.id);
      keep(machines.outbox.decide_outcome(now, notice.id, outcome, random).records);
      if (outcome.kind == DeliveryOutcome::Kind::kRefused) {
        keep(machines.dispatcher.decide_refused(now, notice, later).records);
      }
    }
  }

  void live_a_moment(const std::vector<Labels>& all, base::Random& random) {
    if (random.below(3) == 0) {
      std::vector<model::AlertChange> changes;
      for (std::uint64_t count = 1 + random.below(4); count > 0; --count) {
        const Labels& labels = all[random.below(all.size())];
        changes.push_back(random.below(2) == 0 ? testing::fired(now, labels)
                                               : testing::resolved(now, labels));
      }
      change(changes);
    } else if (random.below(20) == 0) {
      step_clock(minutes(random.below(300)) - minutes(150));
    } else {
      now += random.below(2) == 0 ? seconds(random.below(60)) : minutes(random.below(12));
      turn(random, 4);
    }
  }
};

std::vector<Labels> some_alerts() {
  std::vector<Labels> all;
  for (const char* name : {"A", "B", "C"}) {
    for (const char* instance : {"x", "y", "z"}) {
      all.push_back(alert(name, instance));
    }
  }
  return all;
}

// Restarts from the journal alone and lets an hour pass in which every delivery succeeds.
void expect_everybody_learns_the_truth(const Life& life, base::Random& random) {
  Life after;
  after.now = life.now;
  after.firing = life.firing;
  after.beliefs = life.beliefs;
  for (const model::Record& record : life.journal) {
    after.machines.apply(testing::through_text(record));
  }
  ASSERT_EQ(after.machines.save(), life.machines.save());
  const base::WallTime end = after.now + hours(1);
  while (after.now < end) {
    after.turn(random, 0);
    base::WallTime next = end;
    for (const auto deadline :
         {after.machines.dispatcher.next_deadline(), after.machines.outbox.next_deadline()}) {
      next = std::min(next, deadline.value_or(end));
    }
    after.now = std::max(next, after.now + milliseconds(1));
  }
  EXPECT_EQ(after.machines.outbox.stats().pending, 0U);
  EXPECT_EQ(after.beliefs["webhook[0]"], life.firing);
  const auto& lenient = after.beliefs["exec[0]"];
  EXPECT_TRUE(std::ranges::includes(lenient, life.firing));
}

TEST(RoutingRestart, NothingIsLostAtAnyInput) {
  const auto all = some_alerts();
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    base::SeededRandom random(seed);
    Life life;
    for (int input = 0; input < 60; ++input) {
      life.live_a_moment(all, random);
      expect_everybody_learns_the_truth(life, random);
      if (::testing::Test::HasFailure()) {
        return;
      }
    }
  }
}

TEST(RoutingRestart, EveryPrefixReplaysToTheSameState) {
  const auto all = some_alerts();
  for (std::uint64_t seed = 100; seed < 115; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    base::SeededRandom random(seed);
    Life life;
    while (life.journal.size() < 150) {
      life.live_a_moment(all, random);
    }
    Machines lived;
    Machines replayed;
    for (const model::Record& record : life.journal) {
      lived.apply(record);
      replayed.apply(testing::through_text(record));
      if (random.below(5) == 0) {
        const auto text = boost::json::serialize(replayed.save());
        const auto saved = boost::json::parse(text);
        Machines restarted;
        ASSERT_TRUE(restarted.dispatcher.load(saved.at("dispatcher")));
        ASSERT_TRUE(restarted.outbox.load(saved.at("outbox")));
        replayed = std::move(restarted);
      }
      ASSERT_EQ(replayed.save(), lived.save());
      ASSERT_EQ(replayed.dispatcher.next_deadline(), lived.dispatcher.next_deadline());
      ASSERT_EQ(replayed.outbox.next_deadline(), lived.outbox.next_deadline());
    }
    EXPECT_EQ(lived.save(), life.machines.save());
  }
}

}  // namespace
}  // namespace tocsin::routing
