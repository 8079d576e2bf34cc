#include "rules/rule_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tocsin::rules {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

RuleFile read(const std::string& text, yaml::Problems& problems, DecodeOptions options = {}) {
  return decode(text, "r.yml", options, problems);
}

TEST(RuleFile, TakesEveryKey) {
  yaml::Problems problems;
  const RuleFile file = read(R"(
groups:
- name: g
  interval: 30s
  query_offset: 1m
  limit: 7
  labels: {team: core}
  evaluation: round
  no_data: keep
  rules:
  - record: job:x:sum
    expr: sum by (job) (x)
    labels: {a: b}
  - alert: High
    expr: |
      job:x:sum
        > 5
    for: 5m
    keep_firing_for: 1h
    labels: {severity: page, number: 5}
    annotations: {summary: 'at {{ $value }}'}
)",
                             problems);
  ASSERT_TRUE(problems.ok()) << problems.errors()[0].to_string();
  ASSERT_EQ(file.groups.size(), 1U);
  const Group& group = file.groups[0];
  EXPECT_EQ(group.file, "r.yml");
  EXPECT_EQ(group.name, "g");
  EXPECT_EQ(group.interval, std::chrono::seconds(30));
  EXPECT_TRUE(group.interval_written);
  EXPECT_EQ(group.query_offset, std::chrono::minutes(1));
  EXPECT_EQ(group.limit, 7U);
  EXPECT_THAT(group.labels, ElementsAre(Pair("team", "core")));
  EXPECT_EQ(group.evaluation, EvaluationMode::kRound);
  EXPECT_EQ(group.no_data, NoData::kKeep);
  ASSERT_EQ(group.rules.size(), 2U);
  EXPECT_FALSE(group.rules[0].alerting);
  EXPECT_EQ(group.rules[0].name, "job:x:sum");
  EXPECT_EQ(group.rules[0].position.line, 11);
  EXPECT_TRUE(group.rules[1].alerting);
  EXPECT_EQ(group.rules[1].for_duration, std::chrono::minutes(5));
  EXPECT_EQ(group.rules[1].keep_firing_for, std::chrono::hours(1));
  EXPECT_THAT(group.rules[1].labels, ElementsAre(Pair("severity", "page"), Pair("number", "5")));
  EXPECT_THAT(group.rules[1].annotations, ElementsAre(Pair("summary", "at {{ $value }}")));
}

TEST(RuleFile, EmptyFilesHaveNoGroups) {
  for (const char* text : {"", "null", "{}", "groups:", "groups: []", "# nothing\n", "---\n"}) {
    yaml::Problems problems;
    EXPECT_THAT(read(text, problems).groups, IsEmpty()) << text;
    EXPECT_TRUE(problems.ok()) << text;
  }
}

TEST(RuleFile, AGroupWithoutRulesIsAGroup) {
  yaml::Problems problems;
  EXPECT_EQ(read("groups: [{name: g}]", problems).groups.size(), 1U);
  EXPECT_TRUE(problems.ok());
}

struct Fault {
  const char* text;
  const char* place;
  const char* message;
};

// A rule in a group, one line: what follows "rules: [" begins at column 29.
std::string in_rule(const std::string& rule) {
  return "groups: [{name: g, rules: [{" + rule + "}]}]";
}

TEST(RuleFile, FaultsAreReportedAtTheirPlace) {
  const Fault faults[] = {
      {"[1]", "r.yml:1:1", "mapping"},
      {"groups: 5", "r.yml:1:9", "list"},
      {"groups: [5]", "r.yml:1:10", "mapping"},
      {"group: []", "r.yml:1:1", "group"},
      {"groups: [{rules: []}]", "r.yml:1:10", "name"},
      {"groups: [{name: g}, {name: g}]", "r.yml:1:21", "repeated"},
      {"groups: [{name: g, interval: soon}]", "r.yml:1:30", "interval"},
      {"groups: [{name: g, limit: -1}]", "r.yml:1:27", "limit"},
      {"groups: [{name: g, labels: {__name__: x}}]", "r.yml:1", "__name__"},
      {"groups: [{name: g, evaluation: often}]", "r.yml:1:32", "evaluation"},
      {"groups: [{name: g, no_data: alert}]", "r.yml:1:29", "not supported yet"},
      {"groups: [{name: g, concurrency: 2}]", "r.yml:1:33", "vmalert key and not supported"},
      {"groups: [{name: g, eval_offset: 2s}]", "r.yml:1:33", "vmalert key and not supported"},
      {"groups: [{name: g, partial_response_strategy: warn}]", "r.yml:1:47", "Thanos key"},
      {"groups: [{name: g, colour: red}]", "r.yml:1:20", "colour"},
  };
  for (const Fault& fault : faults) {
    yaml::Problems problems;
    const RuleFile file = read(fault.text, problems);
    ASSERT_FALSE(problems.ok()) << fault.text;
    EXPECT_THAT(problems.errors()[0].to_string(), HasSubstr(fault.place)) << fault.text;
    EXPECT_THAT(problems.errors()[0].to_string(), HasSubstr(fault.message)) << fault.text;
  }
}

TEST(RuleFile, RuleFaultsAreReportedAtTheirPlace) {
  const Fault faults[] = {
      {"expr: x", "r.yml:1:28", "one of record or alert"},
      {"record: , expr: x", "r.yml:1:28", "one of record or alert"},
      {"record: a, alert: b, expr: x", "r.yml:1", "only one of record and alert"},
      {"alert: a", "r.yml:1:28", "expr must be set"},
      {"alert: a, expr: ''", "r.yml:1:45", "expr must be set"},
      {"alert: a, expr: 'x >'", "r.yml:1:4", "expr"},
      {"record: a, expr: x, for: 5m", "r.yml:1", "not allowed in a recording rule"},
      {"record: a, expr: x, keep_firing_for: 5m", "r.yml:1", "not allowed in a recording rule"},
      {"record: a, expr: x, annotations: {a: b}", "r.yml:1", "not allowed in a recording rule"},
      {"record: 'a{b}', expr: x", "r.yml:1", "braces"},
      {"alert: a, expr: x, labels: {__name__: b}", "r.yml:1", "no valid label name"},
      {"alert: a, expr: x, labels: {'': b}", "r.yml:1", "no valid label name"},
      {"alert: a, expr: x, labels: {b: '{{ if }}'}", "r.yml:1:6", "label \"b\": template"},
      {"alert: a, expr: x, annotations: {b: '{{ nope }}'}", "r.yml:1:6", "annotation \"b\""},
      {"alert: a, expr: x, debug: true", "r.yml:1", "vmalert key and not supported"},
      {"alert: a, expr: x, update_entries_limit: 4", "r.yml:1", "vmalert key and not supported"},
      {"alert: a, expr: x, for: 5", "r.yml:1", "for"},
      {"alert: a, expr: x, annotation: {a: b}", "r.yml:1", "annotations"},
      {"alert: a, expr: [x]", "r.yml:1", "expr"},
  };
  for (const Fault& fault : faults) {
    yaml::Problems problems;
    const RuleFile file = read(in_rule(fault.text), problems);
    ASSERT_FALSE(problems.ok()) << fault.text;
    EXPECT_THAT(problems.errors()[0].to_string(), HasSubstr(fault.place)) << fault.text;
    EXPECT_THAT(problems.errors()[0].to_string(), HasSubstr(fault.message)) << fault.text;
    EXPECT_THAT(file.groups, IsEmpty());
    EXPECT_EQ(file.broken.size(), 1U);
  }
}

TEST(RuleFile, FaultsInsideOfABlockAreAtTheirLine) {
  yaml::Problems problems;
  read(R"(groups:
- name: g
  rules:
  - alert: A
    expr: |
      sum(x)
        > )) 5
    annotations:
      summary: >
        one
        {{ two }}
)",
       problems);
  ASSERT_EQ(problems.errors().size(), 2U);
  EXPECT_THAT(problems.errors()[0].to_string(), HasSubstr("r.yml:11:"));
  EXPECT_THAT(problems.errors()[1].to_string(), HasSubstr("r.yml:7:11"));
}

TEST(RuleFile, ZeroForIsNoForInARecordingRule) {
  yaml::Problems problems;
  read(in_rule("record: a, expr: x, for: 0s, annotations: {}"), problems);
  EXPECT_TRUE(problems.ok());
}

TEST(RuleFile, NamesAreUtf8UnlessLegacyIsAskedFor) {
  const std::string text = in_rule(
      "alert: a, expr: x, labels: {ins-tance: b}, "
      "annotations: {'요약': c}");
  yaml::Problems problems;
  read(text, problems);
  EXPECT_TRUE(problems.ok());
  yaml::Problems legacy;
  read(text, legacy, {.legacy_names = true});
  EXPECT_EQ(legacy.errors().size(), 2U);
  yaml::Problems record;
  read(in_rule("record: a-b, expr: x"), record, {.legacy_names = true});
  EXPECT_EQ(record.errors().size(), 1U);
}

TEST(RuleFile, ABrokenGroupLeavesTheOthersGood) {
  yaml::Problems problems;
  const RuleFile file = read(R"(
groups:
- name: good
  rules: [{alert: A, expr: x}]
- name: bad
  rules: [{alert: A, expr: 'x +'}, {alert: B, expr: '(x'}]
- name: fine
)",
                             problems);
  ASSERT_EQ(file.groups.size(), 2U);
  EXPECT_EQ(file.groups[0].name, "good");
  EXPECT_EQ(file.groups[1].name, "fine");
  ASSERT_EQ(file.broken.size(), 1U);
  EXPECT_EQ(file.broken[0].name, "bad");
  EXPECT_EQ(file.broken[0].errors.size(), 2U);
  EXPECT_EQ(problems.errors().size(), 2U) << "all of them in one go";
}

TEST(RuleFile, EqualRulesAreNoFault) {
  yaml::Problems problems;
  read("groups: [{name: g, rules: [{alert: A, expr: x}, {alert: A, expr: x}]}]", problems);
  EXPECT_TRUE(problems.ok());
}

}  // namespace
}  // namespace tocsin::rules
