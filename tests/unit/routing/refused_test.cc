// What a receiver refuses is told anew at the group's next look, as Alertmanager does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/routing/world.h"

namespace tocsin::routing {
namespace {

using ::testing::ElementsAre;

TEST(Refused, ANoticeIsToldAgainAtTheNextLook) {
  World world;
  world.fire(alert("A", "x"));
  world.wait(minutes(1));
  world.refuse();
  world.wait(minutes(5));
  world.wait(hours(1));
  EXPECT_THAT(world.told(),
              ElementsAre("30s webhook[0] firing A/x", "5m30s webhook[0] firing A/x"));
  EXPECT_NE(world.notices[0].id, world.notices[1].id);
}

TEST(Refused, AgainAndAgainUntilItIsTaken) {
  World world;
  world.fire(alert("A", "x"));
  world.wait(seconds(30));
  for (int i = 0; i < 3; ++i) {
    world.refuse();
    world.wait(minutes(5));
  }
  EXPECT_EQ(world.notices.size(), 4U);
}

TEST(Refused, OthersAreNotToldTwice) {
  World world(two_integrations());
  world.fire(alert("A", "x"));
  world.wait(minutes(1));
  ASSERT_EQ(world.notices.back().integration, "exec[0]");
  world.refuse();
  world.wait(minutes(10));
  EXPECT_THAT(world.told(), ElementsAre("30s webhook[0] firing A/x", "30s exec[0] firing A/x",
                                        "5m30s exec[0] firing A/x"));
}

TEST(Refused, AResolveIsNotLostWithItsGroup) {
  World world;
  world.fire(alert("A", "x"));
  world.fire(alert("A", "y"));
  world.wait(minutes(1));
  world.resolve(alert("A", "x"));
  world.resolve(alert("A", "y"));
  world.wait(minutes(5));
  ASSERT_TRUE(world.dispatcher.groups().empty());
  world.refuse();
  world.wait(minutes(5));
  EXPECT_THAT(world.told(),
              ElementsAre("30s webhook[0] firing A/x A/y", "5m30s webhook[0] resolved A/x- A/y-",
                          "10m30s webhook[0] resolved A/x- A/y-"));
  EXPECT_TRUE(world.dispatcher.groups().empty());
}

TEST(Refused, WhatFiresAgainMeanwhileIsToldAsFiring) {
  World world;
  world.fire(alert("A", "x"));
  world.wait(minutes(1));
  world.resolve(alert("A", "x"));
  world.wait(minutes(5));
  world.refuse();
  world.wait(minutes(1));
  world.fire(alert("A", "x"));
  world.wait(minutes(10));
  EXPECT_THAT(world.told(),
              ElementsAre("30s webhook[0] firing A/x", "5m30s webhook[0] resolved A/x-",
                          "10m30s webhook[0] firing A/x"));
}

TEST(Refused, WhatFiredAndResolvedMeanwhileIsToldAsResolved) {
  World world;
  world.fire(alert("A", "x"));
  world.wait(minutes(1));
  world.resolve(alert("A", "x"));
  world.wait(minutes(5));
  world.refuse();
  world.fire(alert("A", "x"));
  world.wait(minutes(1));
  world.resolve(alert("A", "x"));
  world.wait(minutes(5));
  EXPECT_EQ(world.told().back(), "10m30s webhook[0] resolved A/x-");
}

TEST(Refused, AResolveThatNobodyTakesIsGivenUpAfterADay) {
  World world;
  world.fire(alert("A", "x"));
  world.wait(minutes(1));
  world.resolve(alert("A", "x"));
  world.wait(minutes(5));
  const base::WallTime end = world.now + hours(25);
  while (world.now < end) {
    world.refuse();
    world.wait(minutes(5));
  }
  EXPECT_TRUE(world.dispatcher.groups().empty());
  EXPECT_LT(world.notices.size(), 300U);
}

TEST(Refused, NothingIsToldAgainToWhomIsNotThereAnyMore) {
  World world;
  world.fire(alert("A", "x"));
  world.wait(minutes(1));
  auto options = one_integration();
  options.receivers["team"] = {{"slack[0]", true}};
  world.dispatcher.configure(options);
  const std::size_t before = world.journal.size();
  world.refuse();
  EXPECT_EQ(world.journal.size(), before);
}

TEST(Refused, ALaterNoticeThatWaitsTellsIt) {
  World world;
  world.fire(alert("A", "x"));
  world.wait(minutes(1));
  EXPECT_TRUE(world.dispatcher.decide_refused(world.now, world.notices.back(), true).empty());
}

TEST(Refused, ComesBackFromRecordsAndSnapshots) {
  World world;
  world.fire(alert("A", "x"));
  world.fire(alert("A", "y"));
  world.wait(minutes(1));
  world.resolve(alert("A", "x"));
  world.wait(minutes(5));
  world.refuse();
  Dispatcher replayed(one_integration());
  for (const model::Record& record : world.journal) {
    ASSERT_TRUE(replayed.apply(testing::through_text(record)));
  }
  EXPECT_EQ(replayed.save(), world.dispatcher.save());
  Dispatcher loaded(one_integration());
  ASSERT_TRUE(loaded.load(world.dispatcher.save()));
  EXPECT_EQ(loaded.save(), world.dispatcher.save());
  EXPECT_EQ(loaded.next_deadline(), world.dispatcher.next_deadline());
}

}  // namespace
}  // namespace tocsin::routing
