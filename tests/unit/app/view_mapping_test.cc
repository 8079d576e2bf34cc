// What the API shows of incidents and alerts.
#include "app/view_mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "incidents/registry.h"
#include "support/alerts.h"

namespace tocsin::app {
namespace {

constexpr base::WallTime kNow = base::from_millis(1'767'225'600'000);

TEST(ViewMapping, AnIncidentShowsWhatItsAlertsSaid) {
  incidents::Registry registry;
  auto change = testing::fired(kNow, {{"alertname", "A"}, {"severity", "critical"}},
                               {{"summary", "slow"}, {"impact", "pages wait"}});
  change.alert.value = 0.5;
  const std::vector<model::AlertChange> changes = {change};
  std::uint64_t sequence = 40;
  for (const model::Record& record : registry.decide_alerts(kNow, changes).records) {
    ASSERT_TRUE(registry.apply(record).has_value());
    registry.note_written(record.subject, ++sequence);
  }
  const api::IncidentDetail detail = to_detail(*registry.find("INC-1"));
  ASSERT_EQ(detail.alerts.size(), 1U);
  EXPECT_EQ(detail.alerts[0].value, 0.5);
  EXPECT_EQ(detail.alerts[0].annotations, change.alert.annotations);
  ASSERT_FALSE(detail.timeline.empty());
  EXPECT_EQ(detail.timeline[0].sequence, 41U);
  EXPECT_EQ(detail.timeline.back().sequence, sequence);
}

TEST(ViewMapping, AnAlertWithoutDataShowsSinceWhen) {
  rules::GroupView group;
  rules::RuleView rule;
  rule.alerting = true;
  rules::AlertView alert;
  alert.alert.state = model::AlertState::kFiring;
  alert.data_missing_since = kNow;
  rule.alerts = {alert};
  group.rules = {rule};
  EXPECT_EQ(to_view(group).rules.at(0).alerts.at(0).data_missing_since, kNow);
}

}  // namespace
}  // namespace tocsin::app
