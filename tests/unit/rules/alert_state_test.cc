#include "rules/alert_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "model/clock_step.h"

namespace tocsin::rules {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const model::Labels kLabels{{"alertname", "A"}, {"instance", "a"}};
const RuleId kRule{"f", "g", "A", "0", 0};
constexpr base::WallTime kStart = base::from_millis(1'000'000'000);

Hold never(const model::Labels&) { return Hold::kNone; }
Hold always(const model::Labels&) { return Hold::kWait; }
Hold no_data(const model::Labels&) { return Hold::kNoData; }

// One row of a story: at this second the expression has these instances.
struct Turn {
  int second;
  std::vector<std::string> instances;
  std::vector<std::string> expected;  ///< records, as "type instance"
};

class Story {
 public:
  explicit Story(AlertPolicy policy) : policy_(std::move(policy)) {}

  std::vector<std::string> look(int second, const std::vector<std::string>& instances,
                                const HoldFunction& hold = never) {
    Candidates candidates;
    for (const std::string& instance : instances) {
      candidates[model::Labels{{"alertname", "A"}, {"instance", instance}}] = {{}, 1};
    }
    const base::WallTime time = kStart + seconds(second);
    last_ = decide_alerts(policy_, book_.alerts(kRule), candidates, time, hold);
    std::vector<std::string> types;
    for (const AlertStep& step : last_.steps) {
      types.push_back(std::string(step.type.substr(6)) + " " +
                      std::string(step.after.alert.labels.get("instance")));
      EXPECT_TRUE(book_.apply(alert_record(step.type, kRule, step.after, time)).has_value());
    }
    return types;
  }

  void tell(const std::vector<Turn>& turns) {
    for (const Turn& turn : turns) {
      EXPECT_EQ(look(turn.second, turn.instances), turn.expected) << "at " << turn.second << " s";
    }
  }

  AlertBook& book() { return book_; }
  const AlertLook& last() const { return last_; }

 private:
  AlertPolicy policy_;
  AlertBook book_{minutes(15)};
  AlertLook last_;
};

TEST(AlertState, FiresAtOnceWithoutFor) {
  Story story({});
  story.tell({{0, {"a"}, {"fired a"}}, {15, {"a"}, {}}, {30, {}, {"resolved a"}}, {45, {}, {}}});
}

TEST(AlertState, StaysPendingUntilForElapses) {
  Story story({.for_duration = seconds(60)});
  story.tell({{0, {"a"}, {"pending a"}},
              {59, {"a"}, {}},
              {60, {"a"}, {"fired a"}},
              {75, {}, {"resolved a"}}});
}

TEST(AlertState, PendingIsGoneWhenTheElementIsMissingOnce) {
  Story story({.for_duration = seconds(60)});
  story.tell({{0, {"a"}, {"pending a"}},
              {30, {}, {"gone a"}},
              {45, {"a"}, {"pending a"}},
              {60, {"a"}, {}},
              {105, {"a"}, {"fired a"}}});
}

TEST(AlertState, KeepFiringForKeepsAndForgetsWhenItReturns) {
  Story story({.keep_firing_for = seconds(60)});
  story.tell({{0, {"a"}, {"fired a"}},
              {10, {}, {"keep_firing a"}},
              {69, {}, {}},
              {69, {"a"}, {"keep_firing a"}},
              {80, {}, {"keep_firing a"}},
              {139, {}, {}},
              {140, {}, {"resolved a"}}});
}

TEST(AlertState, FiresAgainAfterItResolved) {
  Story story({});
  story.tell({{0, {"a"}, {"fired a"}}, {10, {}, {"resolved a"}}, {20, {"a"}, {"fired a"}}});
  const auto& active = story.book().alerts(kRule).begin()->second.alert;
  EXPECT_EQ(active.active_at, kStart + seconds(20));
  EXPECT_FALSE(active.resolved());
}

TEST(AlertState, TellsInstancesApartInOrderOfLabels) {
  Story story({.for_duration = seconds(10)});
  story.tell({{0, {"b", "c"}, {"pending b", "pending c"}},
              {5, {"a", "b"}, {"pending a", "gone c"}},
              {10, {"a", "b"}, {"fired b"}},
              {15, {"a"}, {"fired a", "resolved b"}}});
}

TEST(AlertState, NamesTheNextDeadline) {
  Story story({.for_duration = seconds(60), .keep_firing_for = seconds(30)});
  story.look(0, {"a"});
  EXPECT_EQ(story.last().deadline, kStart + seconds(60));
  story.look(60, {"a"});
  EXPECT_EQ(story.last().deadline, std::nullopt);
  story.look(70, {});
  EXPECT_EQ(story.last().deadline, kStart + seconds(100));
}

TEST(AlertState, BeyondTheLimitWhatIsActiveStaysAndNothingIsAdmitted) {
  Story story({.for_duration = seconds(10), .limit = 2});
  story.tell({{0, {"a"}, {"pending a"}}, {10, {"a", "b"}, {"fired a", "pending b"}}});
  EXPECT_EQ(story.look(25, {"b", "c", "d"}), std::vector<std::string>{});
  EXPECT_TRUE(story.last().limit_exceeded);
  EXPECT_EQ(story.last().count, 3U);
  ASSERT_EQ(story.last().active.size(), 2U);
  EXPECT_EQ(story.last().active[0].alert.state, model::AlertState::kFiring);
  EXPECT_EQ(story.last().active[1].alert.state, model::AlertState::kPending);
  story.tell({{30, {"b"}, {"resolved a", "fired b"}}});
  EXPECT_FALSE(story.last().limit_exceeded);
}

TEST(AlertState, AHeldAlertStaysAsItIs) {
  Story story({.for_duration = seconds(10)});
  story.look(0, {"a", "b"});
  story.look(10, {"a"}, always);
  EXPECT_EQ(story.look(20, {}, always), std::vector<std::string>{});
  ASSERT_EQ(story.last().active.size(), 2U);
  EXPECT_EQ(story.last().active[0].alert.state, model::AlertState::kFiring);
  EXPECT_EQ(story.last().active[1].alert.state, model::AlertState::kPending);
  EXPECT_EQ(story.look(30, {}), (std::vector<std::string>{"resolved a", "gone b"}));
}

TEST(AlertState, WithoutDataAnAlertIsKeptAndThatIsToldTwice) {
  Story story({.for_duration = seconds(10), .no_data_keep = seconds(60)});
  const std::vector<std::string> nothing;
  story.tell({{0, {"a"}, {"pending a"}}, {10, {"a", "b"}, {"fired a", "pending b"}}});
  EXPECT_EQ(story.look(20, {"b"}, no_data), (std::vector<std::string>{"held a", "fired b"}));
  EXPECT_EQ(story.last().deadline, kStart + seconds(80));
  EXPECT_EQ(story.last().active[0].data_missing_since, kStart + seconds(20));
  EXPECT_EQ(story.look(79, {"b"}, no_data), nothing);
  EXPECT_FALSE(story.last().active[0].data_missing_told);
  EXPECT_EQ(story.look(80, {"b"}, no_data), std::vector<std::string>{"held a"});
  EXPECT_TRUE(story.last().active[0].data_missing_told);
  EXPECT_EQ(story.last().deadline, std::nullopt);
  EXPECT_EQ(story.look(5000, {"b"}, no_data), nothing);
  EXPECT_EQ(story.look(5010, {"a", "b"}), std::vector<std::string>{"held a"});
  EXPECT_FALSE(story.last().active[0].data_missing_since);
  EXPECT_EQ(story.look(5020, {"b"}), std::vector<std::string>{"resolved a"});
}

TEST(AlertState, WhenDataComesBackWithoutTheElementKeepFiringBegins) {
  Story story({.keep_firing_for = seconds(30)});
  story.tell({{0, {"a"}, {"fired a"}}});
  EXPECT_EQ(story.look(10, {}, no_data), std::vector<std::string>{"held a"});
  EXPECT_EQ(story.look(20, {}), std::vector<std::string>{"held a"});
  EXPECT_EQ(story.last().active[0].keep_firing_since, kStart + seconds(20));
  EXPECT_FALSE(story.last().active[0].data_missing_since);
  EXPECT_EQ(story.look(50, {}), std::vector<std::string>{"resolved a"});
}

TEST(AlertBook, WhatMissesItsDataSurvives) {
  Story story({.no_data_keep = seconds(60)});
  story.look(0, {"a"});
  story.look(10, {}, no_data);
  story.look(70, {}, no_data);
  AlertBook other(minutes(15));
  ASSERT_TRUE(other.load(story.book().save()).has_value());
  const ActiveAlert& alert = other.alerts(kRule).begin()->second;
  EXPECT_EQ(alert.data_missing_since, kStart + seconds(10));
  EXPECT_TRUE(alert.data_missing_told);
  ASSERT_TRUE(other.apply(model::clock_step_record(kStart, minutes(1))).has_value());
  EXPECT_EQ(other.alerts(kRule).begin()->second.data_missing_since, kStart + seconds(70));
}

TEST(AlertBook, DropsResolvedAlertsAfterTheRetention) {
  Story story({});
  story.look(0, {"a"});
  story.look(10, {});
  EXPECT_EQ(story.book().alerts(kRule).size(), 1U);
  story.look(10 + 15 * 60, {"b"});
  EXPECT_EQ(story.book().alerts(kRule).size(), 2U);
  story.look(11 + 15 * 60, {"b", "c"});
  EXPECT_EQ(story.book().alerts(kRule).size(), 2U);
}

TEST(AlertBook, AClockStepMovesWhatIsCounted) {
  Story story({.for_duration = seconds(60)});
  story.look(0, {"a"});
  ASSERT_TRUE(story.book().apply(model::clock_step_record({}, seconds(3600))).has_value());
  EXPECT_EQ(story.look(3600 + 59, {"a"}), std::vector<std::string>{});
  EXPECT_EQ(story.look(3600 + 60, {"a"}), std::vector<std::string>{"fired a"});
}

TEST(AlertBook, SnapshotGivesTheSameState) {
  Story story({.for_duration = seconds(10), .keep_firing_for = seconds(60)});
  story.look(0, {"a", "b"});
  story.look(10, {"a"});
  story.look(20, {"c"});
  AlertBook other(minutes(15));
  ASSERT_TRUE(other.load(story.book().save()).has_value());
  EXPECT_EQ(other.save(), story.book().save());
  EXPECT_EQ(other.alerts(kRule).size(), 2U);
}

TEST(AlertBook, RefusesMalformedRecordsAndKeepsItsState) {
  Story story({});
  story.look(0, {"a"});
  const auto before = story.book().save();
  model::Record good =
      alert_record(record_type::kFired, kRule, story.book().alerts(kRule).begin()->second, kStart);
  for (const char* key : {"rule", "alert"}) {
    model::Record broken = good;
    broken.payload.erase(key);
    EXPECT_FALSE(story.book().apply(broken).has_value()) << key;
    broken.payload[key] = 5;
    EXPECT_FALSE(story.book().apply(broken).has_value()) << key;
  }
  for (const char* key : {"file", "group", "name", "labels", "nth"}) {
    model::Record broken = good;
    broken.payload["rule"].as_object().erase(key);
    EXPECT_FALSE(story.book().apply(broken).has_value()) << key;
  }
  model::Record broken = good;
  broken.payload["keep_firing_since"] = "yesterday";
  EXPECT_FALSE(story.book().apply(broken).has_value());
  model::Record step;
  step.type = "clock.stepped";
  EXPECT_FALSE(story.book().apply(step).has_value());
  EXPECT_EQ(story.book().save(), before);
}

TEST(AlertBook, IgnoresRecordsOfOtherRooms) {
  AlertBook book(minutes(15));
  model::Record record;
  record.type = "incident.opened";
  EXPECT_TRUE(book.apply(record).has_value());
  record.type = "alert.acknowledged";
  EXPECT_TRUE(book.apply(record).has_value());
}

TEST(AlertBook, RefusesMalformedSnapshots) {
  AlertBook book(minutes(15));
  boost::json::object state;
  EXPECT_FALSE(book.load(state).has_value());
  state["alerts"] = 3;
  EXPECT_FALSE(book.load(state).has_value());
  state["alerts"] = boost::json::array{1};
  EXPECT_FALSE(book.load(state).has_value());
  state["alerts"] = boost::json::array{boost::json::object{{"alerts", boost::json::array{}}}};
  EXPECT_FALSE(book.load(state).has_value());
}

}  // namespace
}  // namespace tocsin::rules
