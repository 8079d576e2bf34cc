// What receivers see of external labels, as when Prometheus sends to Alertmanager.
#include <gmock/gmock.h>

#include "unit/routing/world.h"

namespace tocsin::routing {
namespace {

using ::testing::ElementsAre;

DispatcherOptions at_site(std::string_view site) {
  DispatcherOptions options = one_integration();
  options.route.group_by = {"alertname", "site"};
  options.external_labels = Labels{{"site", site}, {"team", "core"}};
  return options;
}

const Labels kOwn{{"alertname", "A"}, {"service", "shop"}, {"team", "web"}};

TEST(ExternalLabels, AreInGroupsNoticesAndFingerprints) {
  World world(at_site("seoul"));
  world.fire(kOwn);
  world.wait(minutes(1));
  ASSERT_EQ(world.notices.size(), 1U);
  const model::Notice& notice = world.notices[0];
  EXPECT_EQ(notice.group_labels, (Labels{{"alertname", "A"}, {"site", "seoul"}}));
  EXPECT_EQ(notice.group_key, R"({}:{alertname="A", site="seoul"})");
  const Labels told{{"alertname", "A"}, {"service", "shop"}, {"site", "seoul"}, {"team", "web"}};
  ASSERT_EQ(notice.alerts.size(), 1U);
  EXPECT_EQ(notice.alerts[0].labels, told) << "the alert's own labels win";
  model::Alert same;
  same.labels = told;
  EXPECT_EQ(notice.alerts[0].fingerprint(), same.fingerprint());
  EXPECT_EQ(notice.common_labels, told);
}

TEST(ExternalLabels, IncidentsAreFoundWithoutThem) {
  World world(at_site("seoul"));
  std::vector<Labels> asked;
  const std::vector<model::AlertChange> changes = {testing::fired(world.now, kOwn)};
  world.keep(world.dispatcher.decide_alerts(world.now, changes));
  world.now += minutes(1);
  world.keep(world.dispatcher.decide_due(
      world.now, [&](const Labels& labels) -> std::optional<model::IncidentBrief> {
        asked.push_back(labels);
        return std::nullopt;
      }));
  EXPECT_THAT(asked, ElementsAre(kOwn));
}

TEST(ExternalLabels, OtherOnesMakeNoAlertResolve) {
  World world(at_site("seoul"));
  world.fire(kOwn);
  world.wait(minutes(1));
  world.dispatcher.configure(at_site("busan"));
  const std::vector<model::Alert> firing = {testing::fired(world.now, kOwn).alert};
  world.keep(world.dispatcher.decide_reconcile(world.now, firing));
  world.wait(minutes(10));
  ASSERT_EQ(world.notices.size(), 2U);
  EXPECT_FALSE(world.notices[1].resolved);
  EXPECT_EQ(world.notices[1].group_key, R"({}:{alertname="A", site="busan"})");
  world.resolve(kOwn);
  world.wait(minutes(10));
  ASSERT_EQ(world.notices.size(), 3U);
  EXPECT_TRUE(world.notices[2].resolved);
  EXPECT_EQ(world.notices[2].alerts[0].labels.get("site"), "busan");
}

}  // namespace
}  // namespace tocsin::routing
