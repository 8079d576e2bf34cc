#include "routing/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "unit/routing/world.h"

namespace tocsin::routing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(GroupKey, IsWrittenAsAlertmanagerDoes) {
  EXPECT_EQ(group_key({}), "{}:{}");
  EXPECT_EQ(group_key({{"b", "y\""}, {"alertname", "X"}}), R"({}:{alertname="X", b="y\""})");
  Route route;
  EXPECT_TRUE(group_labels(route, alert("A", "x")).empty());
  route.group_by = {"alertname", "none"};
  EXPECT_EQ(group_labels(route, alert("A", "x")), (Labels{{"alertname", "A"}}));
  route.group_by_all = true;
  EXPECT_EQ(group_labels(route, alert("A", "x")), alert("A", "x"));
}

TEST(Dispatcher, ANewGroupWaitsForGroupWait) {
  World world;
  world.fire(alert("A", "x"));
  EXPECT_EQ(world.dispatcher.next_deadline(), world.start + seconds(30));
  world.wait(seconds(10));
  world.fire(alert("A", "y"));
  world.fire(alert("B", "z"));
  world.wait(seconds(60));
  EXPECT_THAT(world.told(),
              ElementsAre("30s webhook[0] firing A/x A/y", "40s webhook[0] firing B/z"));
}

TEST(Dispatcher, AnAlertThatFiresForLongDoesNotWaitAgain) {
  World world;
  auto change = testing::fired(world.now - seconds(40), alert("A", "x"));
  world.change({change});
  EXPECT_THAT(world.told(), ElementsAre("0s webhook[0] firing A/x"));
}

TEST(Dispatcher, WithoutGroupWaitItTellsAtOnce) {
  auto options = one_integration();
  options.route.group_wait = seconds(0);
  World world(options);
  world.fire(alert("A", "x"));
  EXPECT_THAT(world.told(), ElementsAre("0s webhook[0] firing A/x"));
}

TEST(Dispatcher, ChangesWaitForTheNextLook) {
  World world;
  world.fire(alert("A", "x"));
  world.wait(minutes(7));
  world.fire(alert("A", "y"));  // looks: 30s, 5m30s, 10m30s
  world.wait(minutes(5));
  world.resolve(alert("A", "x"));
  world.wait(minutes(5));
  world.resolve(alert("A", "y"));
  world.wait(minutes(60));
  EXPECT_THAT(world.told(),
              ElementsAre("30s webhook[0] firing A/x", "10m30s webhook[0] firing A/x A/y",
                          "15m30s webhook[0] firing A/x- A/y", "20m30s webhook[0] resolved A/y-"));
  EXPECT_TRUE(world.dispatcher.groups().empty());
  EXPECT_EQ(world.dispatcher.next_deadline(), std::nullopt);
}

TEST(Dispatcher, UnchangedFiringGroupsRepeat) {
  World world;
  world.fire(alert("A", "x"));
  world.wait(hours(9));
  EXPECT_THAT(world.told(), ElementsAre("30s webhook[0] firing A/x", "4h30s webhook[0] firing A/x",
                                        "8h30s webhook[0] firing A/x"));
}

TEST(Dispatcher, RepeatsFallOnLooks) {
  auto options = one_integration();
  options.route.repeat_interval = minutes(7);
  World world(options);
  world.fire(alert("A", "x"));
  world.wait(minutes(21));
  EXPECT_THAT(world.told(), ElementsAre("30s webhook[0] firing A/x", "10m30s webhook[0] firing A/x",
                                        "20m30s webhook[0] firing A/x"));
}

TEST(Dispatcher, WhatResolvesBeforeItWasToldIsNotTold) {
  World world;
  world.fire(alert("A", "x"));
  world.wait(seconds(10));
  world.resolve(alert("A", "x"));
  world.wait(hours(1));
  EXPECT_THAT(world.told(), IsEmpty());
  EXPECT_TRUE(world.dispatcher.groups().empty());
  world.fire(alert("A", "x"));
  world.fire(alert("A", "y"));
  world.resolve(alert("A", "x"));
  world.wait(minutes(1));
  EXPECT_THAT(world.told(), ElementsAre("1h40s webhook[0] firing A/y"));
}

TEST(Dispatcher, AFlapBetweenLooksIsNotTold) {
  World world;
  world.fire(alert("A", "x"));
  world.wait(minutes(1));
  world.resolve(alert("A", "x"));
  world.wait(minutes(1));
  world.fire(alert("A", "x"));
  world.wait(hours(1));
  EXPECT_THAT(world.told(), ElementsAre("30s webhook[0] firing A/x"));
}

TEST(Dispatcher, OneEvaluationMayFlapToo) {
  World world;
  world.change(
      {testing::fired(world.now, alert("A", "x")), testing::resolved(world.now, alert("A", "x"))});
  world.wait(minutes(1));
  EXPECT_THAT(world.told(), IsEmpty());
}

TEST(Dispatcher, WithoutSendResolvedOnlyFiringIsTold) {
  World world(two_integrations());
  world.fire(alert("A", "x"));
  world.fire(alert("A", "y"));
  world.wait(minutes(1));
  world.resolve(alert("A", "x"));
  world.wait(minutes(5));
  world.fire(alert("A", "x"));
  world.wait(minutes(5));
  world.change({testing::resolved(world.now, alert("A", "x")),
                testing::resolved(world.now, alert("A", "y"))});
  world.wait(minutes(60));
  EXPECT_THAT(world.told(),
              ElementsAre("30s webhook[0] firing A/x A/y", "30s exec[0] firing A/x A/y",
                          "5m30s webhook[0] firing A/x- A/y", "10m30s webhook[0] firing A/x A/y",
                          "10m30s exec[0] firing A/x A/y", "15m30s webhook[0] resolved A/x- A/y-"));
}

TEST(Dispatcher, FirstNoticeNowTellsEarlyAndDoesNotRepeat) {
  auto options = one_integration();
  options.route.first_notice_now = true;
  World world(options);
  world.fire(alert("A", "x"));
  world.fire(alert("B", "x"));
  world.wait(seconds(10));
  world.fire(alert("B", "y"));
  world.wait(minutes(3));
  world.fire(alert("A", "z"));
  world.fire(alert("B", "z"));
  world.wait(minutes(7));
  EXPECT_THAT(world.told(),
              ElementsAre("500ms webhook[0] firing A/x", "500ms webhook[0] firing B/x",
                          "30s webhook[0] firing B/x B/y", "5m30s webhook[0] firing A/x A/z",
                          "5m30s webhook[0] firing B/x B/y B/z"));
}

TEST(Dispatcher, GoneAlertsCountAsResolved) {
  World world;
  world.fire(alert("A", "x"));
  world.wait(minutes(1));
  auto gone = testing::resolved(world.now, alert("A", "x"));
  gone.transition = model::AlertTransition::kGone;
  gone.alert.resolved_at.reset();
  auto quiet = gone;
  quiet.alert.labels = alert("A", "pending");
  auto pending = testing::fired(world.now, alert("A", "p"));
  pending.transition = model::AlertTransition::kPending;
  world.change({gone, quiet, pending});
  world.wait(minutes(10));
  EXPECT_THAT(world.told(),
              ElementsAre("30s webhook[0] firing A/x", "5m30s webhook[0] resolved A/x-"));
}

TEST(Dispatcher, NoticesAreComplete) {
  World world;
  const Labels x = {{"alertname", "A"}, {"instance", "x"}, {"job", "j"}, {"service", "shop"}};
  const Labels y = {{"alertname", "A"}, {"instance", "y"}, {"job", "j"}, {"service", "shop"}};
  auto first = testing::fired(world.now, x, {{"summary", "old"}, {"runbook", "r"}});
  first.alert.sample_arrival = base::MonotonicTime(seconds(5));
  world.change({first});
  auto update = testing::fired(world.now, x, {{"summary", "new"}, {"runbook", "r"}});
  update.transition = model::AlertTransition::kUpdated;
  update.alert.sample_arrival = base::MonotonicTime(seconds(9));
  world.change({update});
  world.fire(y, {{"summary", "y"}, {"runbook", "r"}});
  world.wait(seconds(30));
  ASSERT_EQ(world.notices.size(), 1U);
  const model::Notice& notice = world.notices.front();
  EXPECT_EQ(notice.receiver, "team");
  EXPECT_EQ(notice.group_key, R"({}:{alertname="A"})");
  EXPECT_EQ(notice.group_labels, (Labels{{"alertname", "A"}}));
  EXPECT_EQ(notice.common_labels, (Labels{{"alertname", "A"}, {"job", "j"}, {"service", "shop"}}));
  EXPECT_EQ(notice.common_annotations, (Labels{{"runbook", "r"}}));
  EXPECT_EQ(notice.alerts.at(0).annotations.get("summary"), "new");
  EXPECT_EQ(notice.incidents.size(), 1U);
  EXPECT_EQ(notice.incidents.front().id, "INC-shop");
  EXPECT_EQ(notice.external_url, "http://tocsin");
  EXPECT_EQ(notice.sample_arrival, base::MonotonicTime(seconds(5)));
  EXPECT_EQ(notice.id.size(), 16U);
  const auto queued = std::ranges::find(world.journal, "notice.queued", &model::Record::type);
  ASSERT_NE(queued, world.journal.end());
  EXPECT_EQ(queued->subject, notice.id);
  EXPECT_EQ(queued->payload, model::to_json(notice));
}

TEST(Dispatcher, RepeatsCarryNoArrival) {
  World world;
  auto first = testing::fired(world.now, alert("A", "x"));
  first.alert.sample_arrival = base::MonotonicTime(seconds(5));
  world.change({first});
  world.wait(hours(5));
  ASSERT_EQ(world.notices.size(), 2U);
  EXPECT_TRUE(world.notices[0].sample_arrival);
  EXPECT_FALSE(world.notices[1].sample_arrival);
  EXPECT_NE(world.notices[0].id, world.notices[1].id);
}

TEST(Dispatcher, AlertsStandInAlertmanagersOrder) {
  World world;
  for (const Labels& labels :
       {Labels{{"alertname", "A"}}, Labels{{"alertname", "A"}, {"instance", "b"}},
        Labels{{"alertname", "A"}, {"instance", "z"}, {"job", "1"}},
        Labels{{"alertname", "A"}, {"instance", "a"}, {"job", "2"}},
        Labels{{"alertname", "A"}, {"instance", "a"}}}) {
    world.fire(labels);
  }
  world.wait(seconds(30));
  EXPECT_THAT(world.told(), ElementsAre("30s webhook[0] firing A/z A/a A/a A/b A/"));
}

TEST(Dispatcher, AStormIsToldInPartsAndNobodyIsLeftOut) {
  auto options = one_integration();
  options.max_alerts = 500;
  World world(options);
  std::vector<model::AlertChange> storm;
  std::vector<model::AlertChange> calm;
  for (int number = 0; number < 1200; ++number) {
    const Labels labels = alert("A", std::to_string(1000 + number));
    storm.push_back(testing::fired(world.now, labels));
    calm.push_back(testing::resolved(world.now + minutes(1), labels));
  }
  world.change(storm);
  EXPECT_EQ(world.journal.size(), 3U) << "records hold many alerts each";
  world.wait(minutes(1));
  calm.pop_back();
  world.change(calm);
  world.wait(minutes(5));
  ASSERT_EQ(world.notices.size(), 6U);
  std::set<std::string> ids;
  std::map<std::string, int> states;
  for (std::size_t i = 0; i < world.notices.size(); ++i) {
    const model::Notice& notice = world.notices[i];
    EXPECT_TRUE(ids.insert(notice.id).second);
    EXPECT_EQ(notice.alerts.size(), i % 3 == 2 ? 200U : 500U);
    EXPECT_EQ(notice.truncated_alerts, 0U);
    EXPECT_FALSE(notice.resolved) << "one fires to the end";
    for (const model::Alert& alert : notice.alerts) {
      states[std::string(alert.labels.get("instance"))] += alert.resolved() ? 10 : 1;
    }
  }
  EXPECT_EQ(world.notices[3].alerts.front().labels.get("instance"), "2199")
      << "firing ones come first then";
  EXPECT_EQ(states.size(), 1200U);
  EXPECT_EQ(std::ranges::count_if(states, [](const auto& of) { return of.second == 11; }), 1199);
}

TEST(Dispatcher, DecisionsChangeNothing) {
  World world;
  world.fire(alert("A", "x"));
  const auto before = world.dispatcher.save();
  world.now += minutes(1);
  const auto changes = {testing::fired(world.now, alert("A", "y"))};
  EXPECT_FALSE(world.dispatcher.decide_alerts(world.now, changes).empty());
  EXPECT_FALSE(world.dispatcher.decide_due(world.now, {}).empty());
  EXPECT_FALSE(world.dispatcher.decide_reconcile(world.now, {}).empty());
  EXPECT_EQ(world.dispatcher.save(), before);
}

TEST(Dispatcher, TimersFollowAStepOfTheClock) {
  World world;
  world.fire(alert("A", "x"));
  world.wait(minutes(1));
  world.fire(alert("A", "y"));
  const auto before = *world.dispatcher.next_deadline() - world.now;
  world.now += hours(10);
  ASSERT_TRUE(world.dispatcher.apply(model::clock_step_record(world.now, hours(10))));
  EXPECT_EQ(*world.dispatcher.next_deadline() - world.now, before);
  world.look();
  EXPECT_EQ(world.notices.size(), 1U);
}

TEST(DispatcherReconcile, ResolvesWhatNoLongerFiresAndAddsWhatIsMissing) {
  World world;
  world.fire(alert("A", "x"));
  world.fire(alert("A", "y"));
  world.wait(minutes(1));
  const std::vector<model::Alert> firing = {testing::fired(world.now, alert("A", "y")).alert,
                                            testing::fired(world.now, alert("A", "z")).alert};
  world.keep(world.dispatcher.decide_reconcile(world.now, firing));
  EXPECT_TRUE(world.dispatcher.decide_reconcile(world.now, firing).empty());
  world.wait(minutes(5));
  EXPECT_THAT(world.told(),
              ElementsAre("30s webhook[0] firing A/x A/y", "5m30s webhook[0] firing A/x- A/y A/z"));
}

TEST(DispatcherReconcile, ANewGroupingTakesFiringAlertsOver) {
  World world;
  world.fire(alert("A", "x"));
  world.fire(alert("A", "y"));
  world.wait(minutes(1));
  world.resolve(alert("A", "x"));
  auto options = one_integration();
  options.route.group_by = {"instance"};
  world.dispatcher.configure(options);
  const std::vector<model::Alert> firing = {testing::fired(world.now, alert("A", "y")).alert};
  world.keep(world.dispatcher.decide_reconcile(world.now, firing));
  EXPECT_TRUE(world.dispatcher.decide_reconcile(world.now, firing).empty());
  world.wait(minutes(10));
  EXPECT_THAT(world.told(),
              ElementsAre("30s webhook[0] firing A/x A/y", "1m30s webhook[0] firing A/y",
                          "5m30s webhook[0] resolved A/x-"));
}

TEST(DispatcherReconcile, AReceiverThatWentTakesItsGroupsAlong) {
  World world;
  world.fire(alert("A", "x"));
  world.wait(minutes(1));
  DispatcherOptions options;
  options.route.receiver = "other";
  options.receivers["other"] = {{"log[0]", true}};
  world.dispatcher.configure(options);
  EXPECT_EQ(world.dispatcher.next_deadline(), std::nullopt);
  world.look();
  const std::vector<model::Alert> firing = {testing::fired(world.now, alert("A", "x")).alert};
  world.keep(world.dispatcher.decide_reconcile(world.now, firing));
  EXPECT_EQ(world.dispatcher.groups().size(), 1U);
  world.wait(minutes(1));
  EXPECT_THAT(world.told(), ElementsAre("30s webhook[0] firing A/x", "1m30s log[0] firing A/x"));
}

TEST(DispatcherReconcile, ANewIntegrationIsToldAtTheNextLook) {
  World world;
  world.fire(alert("A", "x"));
  world.wait(minutes(1));
  world.dispatcher.configure(two_integrations());
  world.wait(minutes(10));
  EXPECT_THAT(world.told(), ElementsAre("30s webhook[0] firing A/x", "5m30s exec[0] firing A/x"));
}

}  // namespace
}  // namespace tocsin::routing
