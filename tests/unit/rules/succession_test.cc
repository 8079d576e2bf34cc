// Alerts of rules whose file or group is called something else now.

#include "rules/succession.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/rule_file.h"
#include "support/rule_harness.h"

namespace tocsin::rules {
namespace {

using model::AlertState;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using testing::RuleHarness;
using ::testing::UnorderedElementsAre;

const model::Labels kX{{"__name__", "x"}, {"instance", "a"}};

LooseRule loose(std::string file, std::string group, std::string expression, std::size_t nth = 0) {
  return {{std::move(file), std::move(group), "High", "00", nth}, true, {std::move(expression)}};
}

std::vector<std::pair<std::string, std::string>> pairs_of(const std::vector<LooseRule>& went,
                                                          const std::vector<LooseRule>& came) {
  std::vector<std::pair<std::string, std::string>> texts;
  const auto text = [](const RuleId& id) { return id.file + ":" + id.group; };
  for (const auto& [to, from] : find_successors(went, came)) {
    texts.emplace_back(text(from), text(to));
  }
  return texts;
}

TEST(Succession, TheSameExpressionCountsMoreThanTheNames) {
  EXPECT_THAT(pairs_of({loose("a.yml", "g", "x > 1")},
                       {loose("b.yml", "g", "x > 2"), loose("c.yml", "h", "x > 1")}),
              ElementsAre(Pair("a.yml:g", "c.yml:h")));
}

TEST(Succession, AnotherSpellingOfThePathFindsItsOwnFile) {
  const std::vector<LooseRule> went = {loose("./rules/shop/r.yml", "g", "x > 1"),
                                       loose("./rules/bank/r.yml", "g", "x > 1")};
  const std::vector<LooseRule> came = {loose("/etc/t/rules/bank/r.yml", "g", "x > 1"),
                                       loose("/etc/t/rules/shop/r.yml", "g", "x > 1")};
  EXPECT_THAT(pairs_of(went, came),
              UnorderedElementsAre(Pair("./rules/bank/r.yml:g", "/etc/t/rules/bank/r.yml:g"),
                                   Pair("./rules/shop/r.yml:g", "/etc/t/rules/shop/r.yml:g")));
}

TEST(Succession, NoTwoRulesTakeTheSame) {
  EXPECT_THAT(pairs_of({loose("a.yml", "g", "x > 1")},
                       {loose("b.yml", "g", "x > 1"), loose("c.yml", "g", "x > 1")}),
              ElementsAre(Pair("a.yml:g", "b.yml:g")));
  EXPECT_THAT(pairs_of({loose("a.yml", "g", "x > 1"), loose("b.yml", "g", "x > 1")},
                       {loose("c.yml", "g", "x > 1")}),
              ElementsAre(Pair("a.yml:g", "c.yml:g")));
}

TEST(Succession, AChangedExpressionGoesOnInTheRenamedFile) {
  EXPECT_THAT(pairs_of({loose("a.yml", "g", "x > 1")}, {loose("b.yml", "g", "x > 2")}),
              ElementsAre(Pair("a.yml:g", "b.yml:g")));
}

TEST(Succession, AnotherNameOrAnotherLabelIsAnotherRule) {
  LooseRule renamed = loose("a.yml", "g", "x > 1");
  renamed.id.name = "Low";
  LooseRule labelled = loose("a.yml", "g", "x > 1");
  labelled.id.labels = "01";
  LooseRule recording = loose("b.yml", "g", "x > 1");
  recording.alerting = false;
  EXPECT_THAT(pairs_of({loose("a.yml", "g", "x > 1")}, {renamed, labelled, recording}), IsEmpty());
}

std::vector<Group> groups_of(const std::string& text, const std::string& file) {
  yaml::Problems problems;
  auto decoded = decode(text, file, {}, problems);
  EXPECT_TRUE(problems.ok());
  return std::move(decoded.groups);
}

constexpr const char* kRules = R"(
groups:
- name: g
  rules:
  - {record: doubled, expr: x * 2}
  - {alert: Now, expr: x > 5, labels: {team: shop}}
  - {alert: Later, expr: x > 5, for: 60s}
)";
constexpr const char* kRenamedGroup = R"(
groups:
- name: gg
  rules:
  - {record: doubled, expr: x * 2}
  - {alert: Now, expr: x > 5, labels: {team: shop}}
  - {alert: Later, expr: x > 5, for: 60s}
)";

std::vector<std::string> story(const RuleHarness& harness) {
  std::vector<std::string> texts;
  for (const auto& event : harness.events()) {
    const char* names[] = {"pending", "fired", "updated", "resolved", "gone"};
    texts.push_back(std::string(names[static_cast<int>(event.transition)]) + " " +
                    std::string(event.alert.labels.get("alertname")));
  }
  return texts;
}

/// Both alerts of kRules began at `began`, the clock is 30 seconds later.
struct Begun {
  Begun() {
    harness.load(groups_of(kRules, "./rules/a.yml"));
    harness.set_live({{1, seconds(15)}});
    harness.poll(1, {{kX, 9}});
    began = harness.now();
    harness.advance(seconds(15));
    harness.poll(1, {{kX, 9}});
    harness.advance(seconds(15));
  }

  void expect_that_it_goes_on() {
    EXPECT_THAT(story(harness), ElementsAre("fired Now", "pending Later"));
    EXPECT_THAT(harness.alerts(AlertState::kFiring),
                ElementsAre("Now{instance=\"a\", team=\"shop\"}"));
    EXPECT_THAT(harness.alerts(AlertState::kPending), ElementsAre("Later{instance=\"a\"}"));
    for (int i = 0; i < 4; ++i) {
      harness.poll(1, {{kX, 9}});
      harness.advance(seconds(15));
    }
    ASSERT_THAT(story(harness), ElementsAre("fired Now", "pending Later", "fired Later"));
    EXPECT_EQ(harness.events()[2].time, began + seconds(60));
    harness.poll(1, {{kX, 1}});
    EXPECT_THAT(story(harness), ElementsAre("fired Now", "pending Later", "fired Later",
                                            "resolved Now", "resolved Later"));
  }

  RuleHarness harness;
  base::WallTime began;
};

TEST(Succession, AnotherSpellingOfThePathAtTheStartResolvesNothing) {
  Begun begun;
  begun.harness.restart_with(groups_of(kRules, "/etc/tocsin/rules/a.yml"));
  begun.expect_that_it_goes_on();
}

TEST(Succession, ARenamedFileAtTheStartResolvesNothing) {
  Begun begun;
  begun.harness.restart_with(groups_of(kRules, "rules/b.yml"));
  begun.expect_that_it_goes_on();
}

TEST(Succession, ARenamedGroupAtAReloadResolvesNothing) {
  Begun begun;
  begun.harness.load(groups_of(kRenamedGroup, "./rules/a.yml"));
  EXPECT_EQ(begun.harness.query("count(ALERTS)", begun.harness.now())->front().value, 2);
  EXPECT_EQ(begun.harness.query("doubled", begun.harness.now())->size(), 1U);
  begun.expect_that_it_goes_on();
}

TEST(Succession, ARenamedFileAtAReloadAndAnotherAtTheStartAfterItResolveNothing) {
  Begun begun;
  begun.harness.load(groups_of(kRules, "b.yml"));
  begun.harness.restart_with(groups_of(kRenamedGroup, "c.yml"));
  begun.expect_that_it_goes_on();
}

TEST(Succession, WhatNobodyTakesEndsAtTheReload) {
  Begun begun;
  begun.harness.load(
      groups_of("groups: [{name: g, rules: [{alert: Now, expr: x > 5}]}]", "./rules/a.yml"));
  EXPECT_THAT(story(begun.harness), UnorderedElementsAre("fired Now", "pending Later", "gone Later",
                                                         "resolved Now", "fired Now"));
}

TEST(Succession, ARuleThatWasThereBeforeTakesNothing) {
  RuleHarness harness;
  const std::string one = "{name: g, rules: [{alert: High, expr: x > 5}]}";
  const std::string two = "{name: h, rules: [{alert: High, expr: x > 50}]}";
  harness.load(groups_of("groups: [" + one + ", " + two + "]", "a.yml"));
  harness.set_live({{1, seconds(15)}});
  harness.poll(1, {{kX, 9}});
  harness.load(groups_of("groups: [" + two + "]", "a.yml"));
  EXPECT_THAT(story(harness), ElementsAre("fired High", "resolved High"));
}

TEST(Succession, AlertsWaitWhileAGroupOfTheirNameCannotBeRead) {
  Begun begun;
  Engine& engine = begun.harness.engine();
  const auto mono = begun.harness.clock().monotonic_now();
  const QuarantinedGroup broken{.file = "b.yml", .name = "g", .errors = {}};
  const Decision decision = engine.load({}, {broken}, begun.harness.now(), mono);
  EXPECT_THAT(decision.changes, IsEmpty());
  EXPECT_THAT(decision.records, IsEmpty());
}

TEST(Succession, AnUnreadableMoveIsRefused) {
  AlertBook book(seconds(60));
  model::Record record = moved_record({"a", "g", "High", "00", 0}, {"b", "g", "High", "00", 0}, {});
  EXPECT_TRUE(book.apply(record).has_value());
  record.payload.erase("to");
  EXPECT_FALSE(book.apply(record).has_value());
}

}  // namespace
}  // namespace tocsin::rules
