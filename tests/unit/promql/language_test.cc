#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "promql/describe.h"
#include "promql/query.h"
#include "support/ast_text.h"

/// The younger parts of the language: duration expressions, fill, anchored and smoothed, info.
namespace tocsin::promql {
namespace {

struct Case {
  std::string text;
  std::string expected;
};

std::string printed(std::string_view text, const ParseOptions& options) {
  const auto query = parse(text, options);
  return query ? format(query->root()) : query.error().to_string();
}

TEST(Durations, AreExpressions) {
  const std::vector<Case> cases = {
      {"a[5m*2]", "a[5m * 2]"},
      {"a[(1+2)*1m]", "a[(1 + 2) * 1m]"},
      {"a[1h/2:STEP()+1]", "a[1h / 2:step() + 1]"},
      {"a[-5m+35m]", "a[-5m + 35m]"},
      {"a[max_of(step(),5s)]", "a[max_of(step(), 5s)]"},
      {"a[range()] @ end()", "a[range()] @ end()"},
      {"a offset (1h/2)", "a offset (1h / 2)"},
      {"a offset step()*2", "a offset step() * 2"},
      {"a offset -min_of(step(),1s)^0", "a offset -min_of(step(), 1s) ^ 0"},
      {"a offset -(step()-5)", "a offset -(step() - 5)"},
      {"a offset (5m)", "a offset 5m"},
      {"a[((-2)^2)*1m]", "a[((-2) ^ 2) * 1m]"},
      {"a[-2^2]", "1:3: parse error: duration must be greater than 0"},
      {"a[5m-5m]", "1:3: parse error: duration must be greater than 0"},
      {"a[1m/0]", "1:5: parse error: division by zero"},
      {"a[1m%(1-1)]", "1:3: parse error: modulo by zero"},
      {"a[10y*1000]", "1:3: parse error: duration is out of range"},
      {"a[1m atan2 1m]",
       "1:6: parse error: unexpected <op:atan2> in subquery or range selector, expected \"]\" or "
       "\":\""},
      {"a offset foo",
       "1:10: parse error: unexpected identifier \"foo\" in offset, expected number, duration, "
       "step(), or range()"},
      {"a[min_of(1m)]", "1:12: parse error: unexpected \")\" in subquery selector, expected \",\""},
      {"a @ (1+2)", "1:5: parse error: unexpected \"(\" in @, expected timestamp"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(printed(c.text, ParseOptions()), c.expected) << c.text;
  }
}

TEST(Durations, AreBoundToTheTimesOfAQuery) {
  const auto options = ParseOptions::all();
  const auto query = parse("sum(a offset range()) + 1", options);
  ASSERT_TRUE(query) << query.error().to_string();
  EXPECT_TRUE(query->depends_on_times());
  const auto bound = bind(*parse("sum(a offset range()) + start() * end() - step()", options),
                          {10'000, 40'000, 5'000});
  ASSERT_TRUE(bound);
  EXPECT_FALSE(bound->depends_on_times());
  const std::string tree = testing::to_json(describe_ast(bound->root()));
  EXPECT_NE(tree.find("\"offset\":30000"), std::string::npos) << tree;
  EXPECT_NE(tree.find("\"val\":\"10\""), std::string::npos) << tree;
  EXPECT_NE(tree.find("\"val\":\"40\""), std::string::npos) << tree;
  EXPECT_NE(tree.find("\"val\":\"5\""), std::string::npos) << tree;
}

TEST(Durations, FailWhenTheTimesMakeThemUseless) {
  const auto query = parse("rate(a[step()])");
  ASSERT_TRUE(query);
  const auto bound = bind(*query, {0, 0, 0});
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().to_string(), "1:8: duration must be greater than 0");
  const auto evaluated = evaluate(*query, base::from_millis(0), series::Snapshot(), {});
  ASSERT_FALSE(evaluated);
  EXPECT_EQ(evaluated.error().message(), "duration must be greater than 0");
  EXPECT_EQ(bind(*parse("a[1h / step()]"), {0, 0, 0}).error().message(), "division by zero");
}

TEST(Fill, IsPartOfTheMatching) {
  const std::vector<Case> cases = {
      {"a + fill(0) b", "a + fill (0) b"},
      {"a + on(x) group_left fill_left(1) b", "a + on (x) group_left () fill_left (1) b"},
      {"a > bool fill_right(-Inf) fill_left(2) b", "a > bool fill_left (2) fill_right (-Inf) b"},
      {"a + fill", "a + fill"},
      {"fill_left{x=\"1\"}", "fill_left{x=\"1\"}"},
      {"a + fill(b) c",
       "1:10: parse error: unexpected identifier \"b\", expected number or duration"},
      {"a + fill(1 b", "1:13: parse error: unclosed left parenthesis"},
      {"1 + fill(0) b",
       "1:1: parse error: filling in missing series only allowed between instant vectors"},
      {"a and fill(0) b",
       "1:1: parse error: filling in missing series not allowed for set operators"},
      {"a + fill(0) fill_left(1) b", "1:13: parse error: unexpected <fill_left>"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(printed(c.text, ParseOptions::all()), c.expected) << c.text;
  }
}

TEST(Extensions, FollowSelectors) {
  const std::vector<Case> cases = {
      {"rate(a[5m] anchored)", "rate(a[5m] anchored)"},
      {"a smoothed offset 5m @ 3", "a @ 3.000 smoothed offset 5m"},
      {"rate(a[5m] offset 1m smoothed @ 3)", "rate(a[5m] smoothed @ 3.000 offset 1m)"},
      {"anchored + smoothed", "anchored + smoothed"},
      {"a anchored smoothed",
       "1:1: parse error: anchored and smoothed modifiers cannot be used together"},
      {"a[5m:] smoothed", "1:1: parse error: smoothed modifier is not supported for subqueries"},
      {"rate(a[5m]) anchored", "1:1: parse error: anchored modifier not implemented"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(printed(c.text, ParseOptions::all()), c.expected) << c.text;
  }
}

TEST(Info, TakesLabelSelectorsOnly) {
  const std::vector<Case> cases = {
      {"info(a)", "info(a)"},
      {"info(a, {})", "info(a, {})"},
      {"info(a offset 5m, {x=~\".*\"})", "info(a offset 5m, {x=~\".*\"})"},
      {"info(a, {__name__!=\"b\"})", "info(a, {__name__!=\"b\"})"},
      {"info(a, b)", "1:9: parse error: expected label selectors only"},
      {"info(a, {\"b\"})",
       "1:9: parse error: expected label selectors only, got vector selector instead"},
      {"info()", "1:1: parse error: expected at least 1 argument(s) in call to \"info\", got 0"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(printed(c.text, ParseOptions::all()), c.expected) << c.text;
  }
}

TEST(ParseOptions, RefuseWhatIsExperimental) {
  const std::vector<Case> cases = {
      {"mad_over_time(a[5m])", "1:1: parse error: function \"mad_over_time\" is not enabled"},
      {"1 + start()", "1:5: parse error: function \"start\" is not enabled"},
      {"limitk(1, a)",
       "1:1: parse error: limitk() is experimental and must be enabled with "
       "--enable-feature=promql-experimental-functions"},
      {"a + limit_ratio(0.5, a)",
       "1:5: parse error: limit_ratio() is experimental and must be enabled with "
       "--enable-feature=promql-experimental-functions"},
      {"a + fill(0) b", "1:1: parse error: binop fill modifiers are experimental and not enabled"},
      {"a + a anchored", "1:5: parse error: anchored modifier is experimental and not enabled"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(printed(c.text, ParseOptions()), c.expected) << c.text;
    EXPECT_TRUE(parse(c.text, ParseOptions::all())) << c.text;
  }
  ParseOptions plain;
  plain.duration_expressions = false;
  for (const std::string text : {"a[5m*2]", "a offset (5m)", "a offset step()"}) {
    EXPECT_NE(printed(text, plain).find("experimental duration expression is not enabled"),
              std::string::npos)
        << text;
  }
  EXPECT_EQ(printed("a[300] offset -5m", plain), "a[5m] offset -5m");
}

TEST(Durations, SurviveHostileInput) {
  std::string chain = "a[1";
  for (int i = 0; i < 100'000; ++i) {
    chain += "+1";
  }
  for (const std::string& text :
       {"a[" + std::string(100'000, '(') + "1", "a[" + std::string(100'000, '-') + "1]",
        chain + "]", "a offset " + std::string(100'000, '(')}) {
    EXPECT_FALSE(parse(text)) << text.substr(0, 20);
  }
}

TEST(Format, ParsesToTheSameAgain) {
  for (const std::string text :
       {"Inf ^ 3 * -b", "2 ^ Inf ^ 3", "+Inf * b", "a * -b ^ -1", "(+Inf) ^ 2", "NaN ^ 2"}) {
    EXPECT_EQ(printed(text, ParseOptions()), text);
  }
}

TEST(Pretty, SplitsWhatIsLongerThanALine) {
  const std::string name(60, 'a');
  const std::vector<Case> cases = {
      {"sum(b)", "sum(b)"},
      {"rate(" + name + "{x=\"" + std::string(40, 'y') + "\"}[5m])",
       "rate(\n  " + name + "{x=\"" + std::string(40, 'y') + "\"}[5m]\n)"},
      {name + "+on(x)" + name, "  " + name + "\n+ on (x)\n  " + name},
      {"topk(3,sum by(x)(" + name + "*" + name + "))",
       "topk(\n  3,\n  sum by (x) (\n      " + name + "\n    *\n      " + name + "\n  )\n)"},
      {"-(" + name + "+" + name + ")", "-(\n    " + name + "\n  +\n    " + name + "\n)"},
  };
  for (const Case& c : cases) {
    const auto query = parse(c.text);
    ASSERT_TRUE(query) << c.text;
    EXPECT_EQ(pretty(query->root()), c.expected);
  }
}

TEST(Describe, AnswersAsParseQueryDoes) {
  const auto query = parse("topk by (x) (2, a{b!~\"c\"}[5m:] @ start() offset 1m)");
  EXPECT_FALSE(query);  // a range vector is no input of an aggregation
  const auto good = parse("sum without (x) (rate(a{b!~\"c\"}[5m] @ 2)) / on (y) group_left (z) -d");
  ASSERT_TRUE(good);
  EXPECT_EQ(
      testing::to_json(describe_ast(good->root())),
      R"({"bool":false,"lhs":{"expr":{"args":[{"anchored":false,"matchers":[)"
      R"({"name":"b","type":"!~","value":"c"},{"name":"__name__","type":"=","value":"a"}],)"
      R"("name":"a","offset":0,"range":300000,"smoothed":false,"startOrEnd":null,)"
      R"("timestamp":2000,"type":"matrixSelector"}],"func":{"argTypes":["matrix"],"name":"rate",)"
      R"("returnType":"vector","variadic":0},"type":"call"},"grouping":["x"],"op":"sum",)"
      R"("param":null,"type":"aggregation","without":true},"matching":{"card":"many-to-one",)"
      R"("fillValues":{"lhs":null,"rhs":null},"include":["z"],"labels":["y"],"on":true},)"
      R"("op":"/","rhs":{"expr":{"anchored":false,"matchers":[{"name":"__name__","type":"=",)"
      R"("value":"d"}],"name":"d","offset":0,"smoothed":false,"startOrEnd":null,)"
      R"("timestamp":null,"type":"vectorSelector"},"op":"-","type":"unaryExpr"},)"
      R"("type":"binaryExpr"})");
}

}  // namespace
}  // namespace tocsin::promql
