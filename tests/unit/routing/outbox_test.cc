#include "routing/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/clock_step.h"
#include "support/alerts.h"

namespace tocsin::routing {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = DeliveryOutcome::Kind;

struct World {
  base::WallTime now = base::from_millis(1'767'225'600'000);
  base::SeededRandom random{1};
  Outbox outbox;
  std::vector<model::Record> journal;

  explicit World(OutboxOptions options = {}) : outbox(options) {}

  void keep(const OutboxDecision& decision) {
    for (const model::Record& record : decision.records) {
      ASSERT_TRUE(outbox.apply(record));
      journal.push_back(record);
    }
  }
  void queue(const std::string& id, const std::string& group = "g",
             const std::string& integration = "webhook[0]") {
    model::Notice notice;
    notice.id = id;
    notice.receiver = "team";
    notice.integration = integration;
    notice.group_key = group;
    notice.created_at = now;
    model::Record record;
    record.type = "notice.queued";
    record.time = now;
    record.subject = id;
    record.payload = model::to_json(notice);
    OutboxDecision decision;
    decision.records.push_back(std::move(record));
    keep(decision);
  }
  std::vector<std::string> send() {
    const auto decision = outbox.decide_due(now);
    keep(decision);
    std::vector<std::string> ids;
    for (const model::Notice& notice : decision.send) {
      outbox.mark_in_flight(notice.id);
      ids.push_back(notice.id);
    }
    return ids;
  }
  void finish(const std::string& id, Kind kind, std::optional<base::Duration> retry_after = {}) {
    keep(outbox.decide_outcome(now, id, {kind, kind == Kind::kDelivered ? "" : "why", retry_after},
                               random));
  }
};

TEST(Outbox, SendsWhatIsQueuedOnce) {
  World world;
  EXPECT_THAT(world.send(), IsEmpty());
  world.queue("b");
  world.queue("a", "other");
  EXPECT_EQ(world.outbox.next_deadline(), world.now);
  EXPECT_THAT(world.send(), ElementsAre("b", "a"));
  EXPECT_THAT(world.send(), IsEmpty());
  EXPECT_EQ(world.outbox.next_deadline(), std::nullopt);
  EXPECT_EQ(world.outbox.stats().in_flight, 2U);
  world.finish("b", Kind::kDelivered);
  world.finish("a", Kind::kRefused);
  world.finish("a", Kind::kDelivered);
  EXPECT_EQ(world.outbox.stats().pending, 0U);
  EXPECT_EQ(world.journal.size(), 4U);
  EXPECT_EQ(world.journal.back().payload.at("reason"), "why");
}

TEST(Outbox, QueueingTwiceIsOnce) {
  World world;
  world.queue("a");
  world.queue("a");
  EXPECT_EQ(world.outbox.stats().pending, 1U);
}

TEST(Outbox, KeepsOrderWithinAGroupAndIntegration) {
  World world;
  world.queue("1");
  world.queue("2");
  world.queue("3", "g", "slack[0]");
  EXPECT_THAT(world.send(), ElementsAre("1", "3"));
  world.finish("1", Kind::kRetry);
  EXPECT_THAT(world.send(), IsEmpty());
  world.now += minutes(1);
  EXPECT_THAT(world.send(), ElementsAre("1"));
  world.finish("1", Kind::kDelivered);
  EXPECT_THAT(world.send(), ElementsAre("2"));
}

TEST(Outbox, BacksOffUpToTheCapWithJitter) {
  World world;
  world.queue("a");
  std::int64_t expected_ms = 1000;
  for (int attempt = 1; attempt < 20; ++attempt) {
    ASSERT_THAT(world.send(), ElementsAre("a"));
    world.finish("a", Kind::kRetry);
    EXPECT_EQ(world.outbox.find("a")->attempts, static_cast<std::uint64_t>(attempt));
    EXPECT_EQ(world.outbox.find("a")->last_reason, "why");
    const auto delay = *world.outbox.next_deadline() - world.now;
    EXPECT_GE(delay, milliseconds(expected_ms / 2));
    EXPECT_LE(delay, milliseconds(expected_ms));
    world.now = *world.outbox.next_deadline() - milliseconds(1);
    EXPECT_THAT(world.send(), IsEmpty());
    world.now += milliseconds(1);
    expected_ms = std::min<std::int64_t>(expected_ms * 2, 300'000);
  }
}

TEST(Outbox, HonoursRetryAfterUpToAnHour) {
  for (const auto& [wish, low, high] :
       std::initializer_list<std::tuple<seconds, milliseconds, milliseconds>>{
           {seconds(90), seconds(90), seconds(90)},
           {seconds(0), milliseconds(500), seconds(1)},
           {hours(9), hours(1), hours(1)}}) {
    World world;
    world.queue("a");
    world.send();
    world.finish("a", Kind::kRetry, wish);
    const auto delay = *world.outbox.next_deadline() - world.now;
    EXPECT_GE(delay, low);
    EXPECT_LE(delay, high);
  }
}

TEST(Outbox, GivesUpAfterADay) {
  World world;
  world.queue("a");
  world.now += hours(1);
  world.queue("b");
  world.send();
  world.finish("a", Kind::kRetry, hours(23));
  world.now += hours(1);
  world.send();
  world.finish("a", Kind::kRetry, hours(1));
  world.now += hours(22);
  EXPECT_EQ(world.outbox.stats().oldest, world.now - hours(24));
  EXPECT_LE(*world.outbox.next_deadline(), world.now);
  EXPECT_THAT(world.send(), ElementsAre("b"));
  EXPECT_EQ(world.journal.back().type, "delivery.refused");
  EXPECT_EQ(world.journal.back().payload.at("reason"), "given up after 1d, last failure: why");
  EXPECT_EQ(world.outbox.find("a"), nullptr);
}

TEST(Outbox, GivesUpTheOldestOfTooMany) {
  World world({.max_notices = 3});
  world.queue("a", "1");
  world.queue("b", "2");
  EXPECT_THAT(world.send(), ElementsAre("a", "b"));
  world.outbox.clear_in_flight("b");
  for (const char* id : {"c", "d", "e"}) {
    world.queue(id, id);
  }
  const OutboxDecision decision = world.outbox.decide_due(world.now);
  world.keep(decision);
  EXPECT_EQ(world.outbox.stats().pending, 3U);
  EXPECT_TRUE(world.outbox.find("a")) << "it is under way";
  EXPECT_FALSE(world.outbox.find("b"));
  EXPECT_FALSE(world.outbox.find("c"));
  ASSERT_EQ(decision.given_up.size(), 2U);
  EXPECT_THAT(decision.given_up[0], ::testing::StartsWith("b to team: given up, because over 3"));
  ASSERT_EQ(decision.send.size(), 2U);
  EXPECT_EQ(decision.send[0].id, "d");
}

TEST(Outbox, InFlightNoticesAreNotGivenUp) {
  World world;
  world.queue("a");
  world.send();
  world.now += hours(30);
  EXPECT_THAT(world.send(), IsEmpty());
  EXPECT_EQ(world.outbox.stats().pending, 1U);
  world.outbox.clear_in_flight("a");
  world.outbox.clear_in_flight("a");
  world.send();
  EXPECT_EQ(world.outbox.stats().pending, 0U);
}

TEST(Outbox, ShadowModeWithholdsEverything) {
  World world({.shadow = true});
  world.queue("a");
  world.queue("b");
  EXPECT_EQ(world.outbox.next_deadline(), world.now);
  EXPECT_THAT(world.send(), IsEmpty());
  EXPECT_EQ(world.journal.back().type, "notice.withheld");
  EXPECT_EQ(world.outbox.stats().pending, 0U);
}

TEST(Outbox, NoticesWithoutTheirReceiverAreRefused) {
  World world;
  world.queue("a");
  world.keep(world.outbox.decide_unroutable(world.now, "a", "receiver team is gone"));
  EXPECT_TRUE(world.outbox.decide_unroutable(world.now, "a", "again").empty());
  EXPECT_EQ(world.journal.back().type, "delivery.refused");
  EXPECT_EQ(world.outbox.stats().pending, 0U);
}

TEST(Outbox, FollowsAStepOfTheClock) {
  World world;
  world.queue("a");
  world.send();
  world.finish("a", Kind::kRetry, minutes(1));
  const auto rest = *world.outbox.next_deadline() - world.now;
  world.now += hours(48);
  ASSERT_TRUE(world.outbox.apply(model::clock_step_record(world.now, hours(48))));
  EXPECT_EQ(*world.outbox.next_deadline() - world.now, rest);
  EXPECT_THAT(world.send(), IsEmpty());
  EXPECT_EQ(world.outbox.stats().pending, 1U);
}

TEST(Outbox, HandsArrivalsOn) {
  World world;
  world.queue("a");
  world.outbox.note_arrival("a", base::MonotonicTime(seconds(3)));
  world.outbox.note_arrival("none", base::MonotonicTime(seconds(3)));
  EXPECT_EQ(world.outbox.decide_due(world.now).send.front().sample_arrival,
            base::MonotonicTime(seconds(3)));
}

TEST(Outbox, EverythingUnfinishedIsDueAgainAfterARestart) {
  World world;
  world.queue("1");
  world.queue("2");
  world.queue("3", "h");
  world.send();
  world.finish("3", Kind::kRetry, minutes(5));
  World restarted;
  const auto saved = boost::json::serialize(world.outbox.save());
  ASSERT_TRUE(restarted.outbox.load(boost::json::parse(saved)));
  EXPECT_EQ(restarted.outbox.save(), world.outbox.save());
  EXPECT_EQ(restarted.outbox.stats().in_flight, 0U);
  EXPECT_THAT(restarted.send(), ElementsAre("1"));
  restarted.now += minutes(5);
  EXPECT_THAT(restarted.send(), ElementsAre("3"));
  EXPECT_EQ(restarted.outbox.pending().size(), 3U);
  EXPECT_EQ(restarted.outbox.pending().front()->notice.id, "1");
}

TEST(OutboxStored, CorruptRecordsChangeNothing) {
  World world;
  world.queue("a");
  world.send();
  world.finish("a", Kind::kRetry);
  Outbox outbox;
  for (const model::Record& record : world.journal) {
    for (const auto& [key, value] : record.payload) {
      model::Record damaged = record;
      damaged.payload[key] = boost::json::object{};
      if (!value.is_object()) {
        EXPECT_EQ(outbox.apply(damaged).error().code(), base::ErrorCode::kCorrupt)
            << record.type << " " << std::string_view(key);
      }
    }
    model::Record damaged = record;
    damaged.version = 2;
    EXPECT_FALSE(outbox.apply(damaged));
    damaged = record;
    damaged.type = "delivery.nonsense";
    EXPECT_FALSE(outbox.apply(damaged));
    if (record.type == "notice.queued") {
      damaged = record;
      damaged.subject = "other";
      EXPECT_FALSE(outbox.apply(damaged));
    }
    ASSERT_TRUE(outbox.apply(record));
  }
  EXPECT_EQ(outbox.save(), world.outbox.save());
  model::Record foreign;
  foreign.type = "group.flushed";
  EXPECT_TRUE(outbox.apply(foreign));
  auto step = model::clock_step_record(world.now, seconds(1));
  step.payload.clear();
  EXPECT_FALSE(outbox.apply(step));
}

TEST(OutboxStored, DamagedSnapshotsChangeNothing) {
  World world;
  world.queue("a");
  const auto good = world.outbox.save();
  for (const auto& [key, value] : good.at("queue").at(0).as_object()) {
    auto damaged = good;
    damaged["queue"].as_array()[0].as_object()[key] = boost::json::array{};
    EXPECT_FALSE(world.outbox.load(damaged)) << std::string_view(key);
  }
  auto twice = good;
  twice["queue"].as_array().push_back(good.at("queue").at(0));
  EXPECT_FALSE(world.outbox.load(twice));
  EXPECT_FALSE(world.outbox.load(boost::json::object{}));
  EXPECT_EQ(world.outbox.save(), good);
}

}  // namespace
}  // namespace tocsin::routing
