// Damaged records and snapshots of the dispatcher.
#include <gtest/gtest.h>

#include "routing/dispatcher.h"
#include "unit/routing/world.h"

namespace tocsin::routing {
namespace {

TEST(DispatcherStored, CorruptRecordsChangeNothing) {
  World world;
  world.fire(alert("A", "x"));
  world.wait(minutes(1));
  world.resolve(alert("A", "x"));
  world.wait(minutes(5));
  world.refuse();
  world.fire(alert("A", "x"));
  auto options = one_integration();
  options.route.group_by = {"instance"};
  world.dispatcher.configure(options);
  world.keep(world.dispatcher.decide_reconcile(
      world.now, std::vector{testing::fired(world.now, alert("A", "x")).alert}));
  Dispatcher dispatcher(one_integration());
  for (const model::Record& record : world.journal) {
    const auto before = dispatcher.save();
    if (record.type.starts_with("group.")) {
      for (const auto& [key, value] : record.payload) {
        model::Record damaged = record;
        damaged.payload[key] = boost::json::array{1};
        EXPECT_EQ(dispatcher.apply(damaged).error().code(), base::ErrorCode::kCorrupt)
            << record.type << " " << std::string_view(key);
      }
      model::Record newer = record;
      newer.version = 2;
      EXPECT_FALSE(dispatcher.apply(newer));
      newer = record;
      newer.type = "group.nonsense";
      EXPECT_FALSE(dispatcher.apply(newer));
    }
    EXPECT_EQ(dispatcher.save(), before);
    ASSERT_TRUE(dispatcher.apply(record));
  }
  model::Record elsewhere;
  elsewhere.type = "alert.fired";
  EXPECT_TRUE(dispatcher.apply(elsewhere));
  auto step = model::clock_step_record(world.now, seconds(1));
  step.payload.clear();
  EXPECT_FALSE(dispatcher.apply(step));
}

TEST(DispatcherStored, DamagedSnapshotsChangeNothing) {
  World world;
  world.fire(alert("A", "x"));
  world.wait(minutes(1));
  world.fire(alert("A", "y"));
  const auto good = world.dispatcher.save();
  for (const auto& [key, value] : good) {
    auto damaged = good;
    damaged[key] = "x";
    EXPECT_FALSE(world.dispatcher.load(damaged)) << std::string_view(key);
  }
  const auto& stored = good.at("groups").at(0).at("group").as_object();
  for (const auto& [key, value] : stored) {
    auto damaged = good;
    damaged["groups"].as_array()[0].as_object()["group"].as_object()[key] = "x";
    EXPECT_FALSE(world.dispatcher.load(damaged)) << std::string_view(key);
  }
  for (const char* bad : {R"([1])", R"(["0123"])", R"(["xyzxyzxyzxyzxyzx"])"}) {
    auto damaged = good;
    damaged["groups"]
        .as_array()[0]
        .as_object()["group"]
        .as_object()["told"]
        .as_array()[0]
        .as_object()["firing"] = boost::json::parse(bad);
    EXPECT_FALSE(world.dispatcher.load(damaged)) << bad;
  }
  EXPECT_FALSE(world.dispatcher.load(boost::json::value(1)));
  EXPECT_EQ(world.dispatcher.save(), good);
  ASSERT_TRUE(world.dispatcher.load(good));
  EXPECT_EQ(world.dispatcher.save(), good);
}

}  // namespace
}  // namespace tocsin::routing
