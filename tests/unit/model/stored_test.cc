#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <limits>

#include "model/alert.h"
#include "model/clock_step.h"
#include "model/notice.h"

namespace tocsin::model {
namespace {

Alert full_alert() {
  Alert alert;
  alert.labels = Labels{{"alertname", "Down"}, {"service", "주문"}};
  alert.annotations = Labels{{"summary", "it is \"down\""}};
  alert.state = AlertState::kFiring;
  alert.value = -std::numeric_limits<double>::infinity();
  alert.active_at = base::from_millis(1000);
  alert.fired_at = base::from_millis(2000);
  alert.resolved_at = base::from_millis(3000);
  alert.generator_url = "http://x/graph?g0.expr=up";
  return alert;
}

TEST(StoredAlert, ReadsBackWhatWasWritten) {
  const Alert alert = full_alert();
  const auto read = alert_from_json(boost::json::parse(boost::json::serialize(to_json(alert))));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(to_json(*read), to_json(alert));
  EXPECT_EQ(read->value, alert.value);
  EXPECT_EQ(read->resolved_at, alert.resolved_at);
}

TEST(StoredAlert, RefusesEveryMissingMember) {
  const auto whole = to_json(full_alert());
  for (const char* key :
       {"labels", "annotations", "state", "value_bits", "active_at", "generator_url"}) {
    auto damaged = whole;
    damaged.erase(key);
    EXPECT_FALSE(alert_from_json(damaged)) << key;
  }
  EXPECT_FALSE(alert_from_json(boost::json::value("text")));
}

TEST(StoredNotice, ReadsBackWhatWasWritten) {
  Notice notice;
  notice.id = "n1";
  notice.receiver = "oncall";
  notice.integration = "webhook[0]";
  notice.group_key = "{}:{}";
  notice.alerts = {full_alert()};
  notice.common_labels = Labels{{"a", "b"}};
  notice.incidents = {{"INC-1", "t", "open", 2, true, "shop", "business", base::from_millis(5)}};
  notice.created_at = base::from_millis(9);
  const auto read = notice_from_json(boost::json::parse(boost::json::serialize(to_json(notice))));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(to_json(*read), to_json(notice));
  EXPECT_EQ(read->incidents, notice.incidents);
}

TEST(StoredNotice, RefusesDamage) {
  auto damaged = to_json(Notice{});
  damaged["alerts"] = 5;
  EXPECT_FALSE(notice_from_json(damaged));
  EXPECT_FALSE(notice_from_json(boost::json::value(nullptr)));
  EXPECT_FALSE(incident_brief_from_json(boost::json::object{{"id", "x"}}));
}

TEST(ClockStep, ReadsBackWhatWasWritten) {
  Record record = clock_step_record(base::from_millis(5), std::chrono::seconds(-90));
  EXPECT_EQ(record.type, kClockStepped);
  EXPECT_EQ(record.time, base::from_millis(5));
  ASSERT_TRUE(clock_step(record));
  EXPECT_EQ(*clock_step(record), std::chrono::seconds(-90));
  record.payload["delta_ms"] = "soon";
  EXPECT_EQ(clock_step(record).error().code(), base::ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace tocsin::model
