#include "incidents/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/incidents/world.h"

namespace tocsin::incidents {
namespace {

using ::testing::ElementsAre;

TEST(Registry, OpensForWhatMatchesOpenOn) {
  World world;
  world.fire(alert("Down", "shop", "warning"));
  world.fire(alert("Note", "shop", "info"));
  EXPECT_TRUE(world.registry.live().empty());
  world.fire(alert("Down", "shop", "page"),
             {{"summary", "shop is down"}, {"impact", "orders fail"}});
  const auto incident = world.at("INC-1");
  EXPECT_THAT(world.told(), ElementsAre(EventKind::kOpened));
  EXPECT_EQ(incident->title, "shop is down");
  EXPECT_EQ(incident->service, "shop");
  EXPECT_EQ(incident->grade, 2);
  EXPECT_TRUE(incident->provisional);
  EXPECT_EQ(incident->facts.at("customer_impact").value, "orders fail");
  EXPECT_EQ(incident->facts.at("customer_impact").status, model::FactStatus::kSuspected);
  EXPECT_EQ(incident->facts.at("cause").status, model::FactStatus::kUnknown);
  EXPECT_EQ(world.events.front().incident, incident->brief());
}

TEST(Registry, TitleFallsBackToTheAlertName) {
  World world;
  world.fire(alert("Down"));
  EXPECT_EQ(world.at("INC-1")->title, "Down");
  EXPECT_EQ(world.at("INC-1")->key, "Down");
}

TEST(Registry, JoinsTheOpenIncidentOfTheService) {
  World world;
  world.fire(alert("Down", "shop"));
  world.wait(minutes(1));
  world.fire(alert("Slow", "shop", "warning"));
  EXPECT_THAT(world.told(), ElementsAre(EventKind::kUpdated));
  world.fire(alert("Slow", "shop", "none"));
  world.fire(alert("Down", "bank"));
  EXPECT_EQ(world.at("INC-1")->signals.size(), 2U);
  EXPECT_EQ(world.at("INC-2")->service, "bank");
  EXPECT_EQ(world.registry.brief_for(alert("Slow", "shop", "warning"))->id, "INC-1");
  EXPECT_EQ(world.registry.brief_for(alert("Slow", "shop", "none")), std::nullopt);
  EXPECT_EQ(world.registry.brief_for(alert("Slow", "moon")), std::nullopt);
  model::Alert slow;
  slow.labels = alert("Slow", "shop", "warning");
  EXPECT_EQ(world.registry.brief_for(std::string_view(slow.fingerprint()))->id, "INC-1");
  EXPECT_EQ(world.registry.brief_for(std::string_view("nonsense")), std::nullopt);
  EXPECT_EQ(world.registry.brief_for(std::string_view("0123456789abcdef")), std::nullopt);
}

TEST(Registry, OneEvaluationOpensOnceAndIsToldOnce) {
  World world;
  world.change({testing::fired(world.now, alert("A", "shop")),
                testing::fired(world.now, alert("B", "shop")),
                testing::fired(world.now, alert("B", "shop")),
                testing::resolved(world.now, alert("A", "shop"))});
  EXPECT_THAT(world.told(), ElementsAre(EventKind::kOpened));
  EXPECT_EQ(world.registry.live().size(), 1U);
  EXPECT_EQ(world.at("INC-1")->firing, 1U);
  EXPECT_EQ(world.state("INC-1"), "open");
}

TEST(Registry, DecisionsChangeNothing) {
  World world;
  world.fire(alert("A", "shop"));
  const auto before = world.registry.save();
  const auto changes = {testing::fired(world.now, alert("B", "shop")),
                        testing::resolved(world.now, alert("A", "shop"))};
  EXPECT_FALSE(world.registry.decide_alerts(world.now, changes).empty());
  EXPECT_EQ(world.registry.save(), before);
}

TEST(Registry, GradesRiseByThemselvesAndNeverFall) {
  World world;
  for (const auto& [severity, grade] : std::initializer_list<std::pair<const char*, int>>{
           {"warning", 2}, {"error", 2}, {"page", 2}}) {
    world.fire(alert(severity, "shop", severity));
  }
  EXPECT_EQ(world.at("INC-1")->grade, 2);
  world.fire({{"alertname", "X"}, {"service", "shop"}, {"seriousness", "high"}});
  EXPECT_EQ(world.at("INC-1")->grade, 1);
  EXPECT_EQ(world.at("INC-1")->seriousness, Seriousness::kHigh);
  world.fire(alert("Y", "shop", "critical"));
  EXPECT_EQ(world.at("INC-1")->grade, 1);
}

TEST(Registry, SeriousnessFollowsTheMatrix) {
  for (const auto& [labels, grade] : std::initializer_list<std::pair<Labels, int>>{
           {{{"severity", "critical"}}, 2},
           {{{"severity", "error"}}, 2},
           {{{"severity", "warning"}}, 3},
           {{{"severity", "critical"}, {"seriousness", "low"}}, 4},
           {{{"severity", "warning"}, {"seriousness", "high"}}, 1},
           {{{"seriousness", "medium"}}, 2},
           {{{"seriousness", "nonsense"}}, 3}}) {
    Config config;
    config.open_on.clear();
    World world(config);
    world.fire(model::LabelsBuilder(labels).set("alertname", "A").build());
    EXPECT_EQ(world.at("INC-1")->grade, grade) << labels.to_string();
  }
}

TEST(Registry, CalmMitigatesThenResolvesThenLeavesMemory) {
  World world;
  world.fire(alert("A", "shop"));
  world.fire(alert("B", "shop"));
  world.wait(minutes(5));
  world.resolve(alert("A", "shop"));
  EXPECT_THAT(world.told(), ElementsAre(EventKind::kUpdated));
  EXPECT_EQ(world.registry.next_deadline(), std::nullopt);
  world.resolve(alert("B", "shop"));
  EXPECT_THAT(world.told(), ElementsAre(EventKind::kMitigated));
  EXPECT_EQ(world.state("INC-1"), "mitigated");
  EXPECT_EQ(world.registry.next_deadline(), world.now + minutes(10));
  world.wait(minutes(10) - milliseconds(1));
  EXPECT_EQ(world.state("INC-1"), "mitigated");
  world.wait(milliseconds(1));
  EXPECT_THAT(world.told(), ElementsAre(EventKind::kResolved));
  EXPECT_EQ(world.events.front().incident.state, "resolved");
  EXPECT_EQ(world.state("INC-1"), "resolved");
  EXPECT_TRUE(world.registry.live().empty());
  EXPECT_EQ(world.registry.next_deadline(), world.now + minutes(30));
  world.wait(minutes(30));
  EXPECT_EQ(world.state("INC-1"), "gone");
  EXPECT_EQ(world.registry.next_deadline(), std::nullopt);
}

TEST(Registry, TheSameFingerprintReopensWithinTheWindow) {
  for (const minutes pause : {minutes(5), minutes(20), minutes(39)}) {
    World world;
    world.fire(alert("A", "shop"));
    world.resolve(alert("A", "shop"));
    world.wait(std::min(pause, minutes(10)));
    world.wait(std::max(pause - minutes(10), minutes(0)));
    world.fire(alert("A", "shop"));
    EXPECT_EQ(world.state("INC-1"), "open") << pause.count();
    EXPECT_THAT(world.told(), ElementsAre(EventKind::kReopened));
    EXPECT_EQ(world.at("INC-1")->clocks.mitigated, std::nullopt);
    EXPECT_EQ(world.at("INC-1")->reopened, 1U);
    EXPECT_EQ(world.registry.live().size(), 1U);
  }
}

TEST(Registry, LaterItIsARecurrence) {
  World world;
  world.fire(alert("A", "shop"));
  world.resolve(alert("A", "shop"));
  world.wait(minutes(10));
  world.now += minutes(30);  // due to leave memory, and nobody has asked yet
  world.fire(alert("A", "shop"));
  EXPECT_EQ(world.at("INC-2")->recurrence_of, "INC-1");
  world.wait(minutes(1));
  world.resolve(alert("A", "shop"));
  world.wait(minutes(10));
  world.wait(minutes(30));
  world.wait(hours(100));
  world.fire(alert("A", "shop"));
  EXPECT_EQ(world.at("INC-3")->recurrence_of, "INC-2");
}

TEST(Registry, AnotherAlertDoesNotReopen) {
  World world;
  world.fire(alert("A", "shop"));
  world.resolve(alert("A", "shop"));
  world.fire(alert("B", "shop"));
  EXPECT_EQ(world.state("INC-1"), "mitigated");
  EXPECT_EQ(world.state("INC-2"), "open");
  EXPECT_EQ(world.at("INC-2")->recurrence_of, "");
}

TEST(Registry, AnOldIncidentTakesNoNewAlerts) {
  World world;
  world.fire(alert("A", "shop"));
  world.wait(hours(6));
  world.fire(alert("W", "shop", "warning"));
  world.fire(alert("B", "shop"));
  EXPECT_EQ(world.at("INC-1")->signals.size(), 1U);
  EXPECT_EQ(world.at("INC-2")->signals.size(), 1U);
  world.fire(alert("C", "shop"));
  EXPECT_EQ(world.at("INC-2")->signals.size(), 2U);
  // Its own alert is known there, and a new beginning after calm is a new incident.
  world.fire(alert("A", "shop"));
  EXPECT_EQ(world.registry.live().size(), 2U);
  world.resolve(alert("A", "shop"));
  world.resolve(alert("B", "shop"));
  world.resolve(alert("C", "shop"));
  world.fire(alert("A", "shop"));
  EXPECT_EQ(world.at("INC-3")->recurrence_of, "INC-1");
}

TEST(Registry, UpdatesOfFiringAlertsJoinToo) {
  World world;
  world.fire(alert("W", "shop", "warning"));
  world.fire(alert("A", "shop"));
  auto update = testing::fired(world.now, alert("W", "shop", "warning"));
  update.transition = model::AlertTransition::kUpdated;
  world.change({update});
  EXPECT_EQ(world.at("INC-1")->signals.size(), 2U);
  world.change({update});
  EXPECT_TRUE(world.events.empty());
}

TEST(Registry, ReconcilesWithWhatFires) {
  World world;
  world.fire(alert("A", "shop"));
  world.fire(alert("B", "bank"));
  const std::vector<model::Alert> firing = {testing::fired(world.now, alert("B", "bank")).alert,
                                            testing::fired(world.now, alert("C", "moon")).alert};
  world.keep(world.registry.decide_reconcile(world.now, firing));
  EXPECT_EQ(world.state("INC-1"), "mitigated");
  EXPECT_EQ(world.state("INC-2"), "open");
  EXPECT_EQ(world.at("INC-3")->service, "moon");
  EXPECT_TRUE(world.registry.decide_reconcile(world.now, firing).empty());
}

TEST(Registry, ClocksAreOrdered) {
  World world;
  const auto start = world.now;
  auto late = testing::fired(start, alert("A", "shop"));
  late.alert.active_at = start - minutes(2);
  auto earlier = testing::fired(start, alert("B", "shop"));
  earlier.alert.active_at = start - minutes(3);
  world.change({late, earlier});
  model::Notice notice;
  notice.id = "n1";
  notice.incidents.assign(3, world.at("INC-1")->brief());
  notice.incidents[1].id = "INC-77";
  notice.incidents[2].id = "bad";
  world.now += seconds(1);
  world.keep(world.registry.decide_delivered(world.now, notice));
  world.keep(world.registry.decide_delivered(world.now + seconds(9), notice));
  const auto& clocks = world.at("INC-1")->clocks;
  EXPECT_EQ(clocks.occurred, start - minutes(3));
  EXPECT_EQ(clocks.detected, start);
  EXPECT_EQ(clocks.declared, start);
  EXPECT_EQ(clocks.first_notice, start + seconds(1));
  world.step_clock(-hours(1));
  world.change({testing::resolved(world.now, alert("A", "shop")),
                testing::resolved(world.now, alert("B", "shop"))});
  EXPECT_EQ(world.at("INC-1")->clocks.mitigated, start);
}

TEST(Registry, TheTimelineSaysOnceWhoHasNotBeenTold) {
  World world;
  world.fire(alert("A", "shop"));
  model::Notice notice;
  notice.id = "n1";
  notice.receiver = "oncall";
  notice.integration = "slack[0]";
  notice.incidents = {world.at("INC-1")->brief()};
  const auto refused = [&] {
    return world.registry.decide_refused(world.now, notice, "HTTP status 404: no such channel");
  };
  world.keep(refused());
  EXPECT_EQ(world.at("INC-1")->timeline.back().text,
            "oncall has not been told by slack[0]: HTTP status 404: no such channel");
  EXPECT_TRUE(refused().empty());
  notice.integration = "slack[1]";
  EXPECT_EQ(refused().records.size(), 1U);
  auto damaged = refused().records.front();
  damaged.payload.erase("reason");
  EXPECT_FALSE(world.registry.apply(damaged));
}

TEST(Registry, DeadlinesFollowAStepOfTheClock) {
  World world;
  world.fire(alert("A", "shop"));
  world.resolve(alert("A", "shop"));
  world.step_clock(hours(3));
  world.wait(minutes(9));
  EXPECT_EQ(world.state("INC-1"), "mitigated");
  world.wait(minutes(1));
  EXPECT_EQ(world.state("INC-1"), "resolved");
  world.step_clock(-hours(5));
  world.wait(minutes(29));
  EXPECT_EQ(world.state("INC-1"), "resolved");
  world.wait(minutes(1));
  EXPECT_EQ(world.state("INC-1"), "gone");
}

TEST(Registry, AStormIsOneIncidentWithABoundedTimeline) {
  World world;
  std::vector<model::AlertChange> storm;
  for (int number = 0; number < 2000; ++number) {
    storm.push_back(testing::fired(world.now, model::LabelsBuilder(alert("Down", "shop"))
                                                  .set("instance", std::to_string(number))
                                                  .build()));
  }
  world.change(storm);
  EXPECT_EQ(world.registry.live().size(), 1U);
  EXPECT_EQ(world.events.size(), 1U);
  const auto incident = world.at("INC-1");
  EXPECT_EQ(incident->firing, 2000U);
  EXPECT_EQ(incident->timeline.size(), kMaxTimeline);
  EXPECT_EQ(incident->timeline.size() + incident->timeline_dropped, 2001U);
  EXPECT_EQ(incident->timeline.front().type, "incident.opened");
}

TEST(Registry, ManyFailuresAtOnceGoUnderOneUmbrella) {
  World world;
  for (const char* service : {"a", "b", "c"}) {
    world.fire(alert("Down", service));
    world.wait(seconds(10));
  }
  world.fire(alert("Down", "d"));
  EXPECT_TRUE(world.at("INC-4")->umbrella);
  EXPECT_EQ(world.at("INC-4")->title, "Many failures at once: Down");
  world.wait(seconds(50));
  world.fire(alert("Down", "e"));
  world.wait(seconds(50));
  world.fire(alert("Down", "f"));
  world.fire(alert("Slow", "d", "warning"));
  world.fire(alert("Slow", "a"));
  EXPECT_EQ(world.registry.live().size(), 4U);
  EXPECT_EQ(world.at("INC-4")->signals.size(), 4U);
  EXPECT_EQ(world.at("INC-1")->signals.size(), 2U) << "services with an incident keep it";
  EXPECT_EQ(world.registry.brief_for(alert("Down", "f"))->id, "INC-4");
  // The storm is over: incidents are single again.
  world.wait(minutes(2));
  world.fire(alert("Down", "g"));
  EXPECT_FALSE(world.at("INC-5")->umbrella);
  for (const char* service : {"d", "e", "f"}) {
    world.resolve(alert("Down", service));
  }
  world.resolve(alert("Slow", "d", "warning"));
  EXPECT_EQ(world.state("INC-4"), "mitigated");
  world.fire(alert("Down", "e"));
  EXPECT_EQ(world.state("INC-4"), "open");
  world.resolve(alert("Down", "e"));
  world.wait(minutes(10));
  world.wait(minutes(30));
  EXPECT_EQ(world.state("INC-4"), "gone");
  EXPECT_EQ(world.registry.brief_for(alert("Down", "f")), std::nullopt);
  world.fire(alert("Down", "f"));
  EXPECT_EQ(world.at("INC-6")->recurrence_of, "INC-4");
}

TEST(Registry, SnapshotsHandedOutDoNotChange) {
  World world;
  world.fire(alert("A", "shop"));
  const auto before = world.registry.find("INC-1");
  world.fire(alert("B", "shop"));
  EXPECT_EQ(before->signals.size(), 1U);
  EXPECT_EQ(world.at("INC-1")->signals.size(), 2U);
}

TEST(Registry, FoldsAClosedIncidentFromItsRecords) {
  World world;
  world.fire(alert("A", "shop"));
  world.fire(alert("B", "bank"));
  world.resolve(alert("A", "shop"));
  world.wait(minutes(10));
  const auto live = to_json(*world.at("INC-1"));
  world.wait(minutes(30));
  ASSERT_EQ(world.state("INC-1"), "gone");
  const auto records = world.records_of("INC-1");
  const auto folded = fold(records);
  ASSERT_TRUE(folded) << folded.error().to_string();
  EXPECT_EQ(to_json(*folded), live);
}

TEST(Fold, RefusesWhatIsNoIncident) {
  EXPECT_EQ(fold({}).error().code(), base::ErrorCode::kNotFound);
  World world;
  world.fire(alert("A", "shop"));
  world.fire(alert("B", "bank"));
  const std::span<const model::Record> all(world.journal);
  EXPECT_EQ(fold(all.subspan(1)).error().code(), base::ErrorCode::kCorrupt);
  EXPECT_EQ(fold(all).error().code(), base::ErrorCode::kCorrupt);
  auto records = world.records_of("INC-1");
  records.back().payload.clear();
  EXPECT_EQ(fold(records).error().code(), base::ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace tocsin::incidents
