#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "promql/ast.h"
#include "promql/parser.h"
#include "promql/query.h"

namespace tocsin::promql {
namespace {

struct Case {
  std::string text;
  std::string expected;
};

std::string error_of(std::string_view text) {
  const auto query = parse(text);
  return query ? "parsed as " + format(query->root()) : query.error().to_string();
}

TEST(Parse, PrintsCanonically) {
  const std::vector<Case> cases = {
      {"1+2*3", "1 + 2 * 3"},
      {"sum(foo)by(a,b)", "sum by (a, b) (foo)"},
      {"sum without(a) (foo)", "sum without (a) (foo)"},
      {"topk(5,foo)", "topk(5, foo)"},
      {"foo{a='b',c!~\"d\"}[5m] offset 1h", "foo{a=\"b\",c!~\"d\"}[5m] offset 1h"},
      {"foo offset -5m", "foo offset -5m"},
      {"foo @ 1m40s", "foo @ 100.000"},
      {"foo @ start()", "foo @ start()"},
      {"rate(foo[300])", "rate(foo[5m])"},
      {"max_over_time(rate(foo[5m])[1h:1m] offset 1d)",
       "max_over_time(rate(foo[5m])[1h:1m] offset 1d)"},
      {"foo[1h:]", "foo[1h:]"},
      {"a == bool on (x) group_left (y) b", "a == bool on (x) group_left (y) b"},
      {"a unless ignoring(x) b", "a unless ignoring (x) b"},
      {"{\"my.metric\", \"a.b\"=\"c\"}", "{\"my.metric\",\"a.b\"=\"c\"}"},
      {"foo # comment\n + bar", "foo + bar"},
      {"-foo", "-foo"},
      {"-1", "-1"},
      {"'a\\x41\\u00e9'", "\"aAé\""},
      {"`a\\n`", "\"a\\\\n\""},
      {"sum", "sum"},
      {"count{a=\"b\"}", "count{a=\"b\"}"},
      {"SUM BY (a) (foo)", "sum by (a) (foo)"},
      {"by", "by"},
      {"a:b:c", "a:b:c"},
      {"foo[5m] @ 10 offset 5m", "foo[5m] @ 10.000 offset 5m"},
      {"0x1F", "31"},
      {"1_000", "1000"},
      {"1h30m", "1h30m"},
  };
  for (const Case& c : cases) {
    const auto query = parse(c.text);
    ASSERT_TRUE(query) << c.text << ": " << query.error().to_string();
    const std::string printed = format(query->root());
    EXPECT_EQ(printed, c.expected) << c.text;
    const auto again = parse(printed);
    ASSERT_TRUE(again) << printed;
    EXPECT_EQ(format(again->root()), printed);
  }
}

TEST(Parse, BindsAsPrometheusDoes) {
  // Each pair has to give the same tree, seen by printing with all parentheses in place.
  const auto value = [](const std::string& text) {
    const auto query = parse(text);
    EXPECT_TRUE(query) << text;
    return evaluate(*query, base::from_millis(0), series::Snapshot(), {});
  };
  const std::vector<std::pair<std::string, double>> cases = {
      {"1 + 2 * 3", 7}, {"2 ^ 3 ^ 2", 512}, {"-2 ^ 2", -4},         {"2 ^ -1 * 4", 2},
      {"8 / 4 / 2", 1}, {"10 - 4 - 3", 3},  {"1 + 1 == bool 2", 1}, {"7 % 4 * 2", 6},
      {"-1 * -1", 1},   {"1 - -1", 2},      {"1 < bool 2 + 3", 1},  {"2 * 3 ^ 2", 18},
  };
  for (const auto& [text, expected] : cases) {
    const auto result = value(text);
    ASSERT_TRUE(result) << text;
    EXPECT_EQ(std::get<Scalar>(result->value).value, expected) << text;
  }
}

TEST(Parse, ExplainsErrors) {
  const std::vector<Case> cases = {
      {"", "1:1: parse error: no expression found in input"},
      {"# only", "1:7: parse error: no expression found in input"},
      {"1 +", "1:4: parse error: unexpected end of input"},
      {"sum(foo) by",
       "1:12: parse error: unexpected end of input in grouping opts, expected \"(\""},
      {"1 by", "1:3: parse error: unexpected <by>"},
      {"foo bar", "1:5: parse error: unexpected identifier \"bar\""},
      {"* foo", "1:1: parse error: unexpected <op:*>"},
      {"foo(bar)", "1:1: parse error: unknown function with name \"foo\""},
      {"rate(foo)",
       "1:6: parse error: expected type range vector in call to function \"rate\", got instant "
       "vector"},
      {"rate()", "1:1: parse error: expected 1 argument(s) in call to \"rate\", got 0"},
      {"round(a, 1, 2)",
       "1:1: parse error: expected at most 2 argument(s) in call to \"round\", "
       "got 3"},
      {"label_join(a)",
       "1:1: parse error: expected at least 3 argument(s) in call to "
       "\"label_join\", got 1"},
      {"sum(1)",
       "1:5: parse error: expected type instant vector in aggregation expression, got scalar"},
      {"topk(foo)",
       "1:1: parse error: wrong number of arguments for aggregate expression "
       "provided, expected 2, got 1"},
      {"sum()", "1:1: parse error: no arguments for aggregate expression provided"},
      {"1 == 1", "1:1: parse error: comparisons between scalars must use BOOL modifier"},
      {"a + bool b", "1:1: parse error: bool modifier can only be used on comparison operators"},
      {"1 and a",
       "1:1: parse error: set operator \"and\" not allowed in binary scalar "
       "expression"},
      {"a and on(x) group_left b", "1:13: parse error: no grouping allowed for \"and\" operation"},
      {"a + on(x) group_left(x) b",
       "1:1: parse error: label \"x\" must not occur in ON and GROUP clause at once"},
      {"a[5m] + 1",
       "1:1: parse error: binary expression must contain only scalar and instant "
       "vector types"},
      {"-a[5m]",
       "1:1: parse error: unary expression only allowed on expressions of type scalar "
       "or instant vector, got \"range vector\""},
      {"{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"},
      {"{a=~\".*\"}",
       "1:1: parse error: vector selector must contain at least one non-empty matcher"},
      {"foo{__name__=\"bar\"}",
       "1:1: parse error: metric name must not be set twice: \"foo\" or \"bar\""},
      {"foo[5m][5m]", "1:8: parse error: ranges only allowed for vector selectors"},
      {"(foo)[5m]", "1:6: parse error: ranges only allowed for vector selectors"},
      {"foo offset 1m [5m]", "1:15: parse error: no offset modifiers allowed before range"},
      {"foo @ 1 [5m]", "1:9: parse error: no @ modifiers allowed before range"},
      {"foo offset 1m offset 2m", "1:15: parse error: offset may not be set multiple times"},
      {"foo @ 1 @ 2", "1:9: parse error: @ <timestamp> may not be set multiple times"},
      {"sum(foo) offset 1m",
       "1:10: parse error: offset modifier must be preceded by an instant vector selector or range "
       "vector selector or a subquery"},
      {"foo[0]", "1:5: parse error: duration must be greater than 0"},
      {"foo[5m", "1:7: parse error: unclosed left bracket"},
      {"(foo", "1:5: parse error: unclosed left parenthesis"},
      {"foo)", "1:4: parse error: unexpected right parenthesis ')'"},
      {"foo{a=1}", "1:7: parse error: unexpected character inside braces: '1'"},
      {"foo{a}",
       "1:6: parse error: unexpected \"}\" in label matching, expected label matching "
       "operator"},
      {"'abc", "1:1: parse error: unterminated quoted string"},
      {"'\\q'", "1:1: parse error: invalid escape sequence in string"},
      {"5x", "1:1: parse error: bad number or duration syntax: \"5x\""},
      {"sum(a,)", "1:7: parse error: trailing commas not allowed in function call args"},
      {"rate(a[5m])[5m]", "1:12: parse error: ranges only allowed for vector selectors"},
      {"a[5m][1h:1m]",
       "1:1: parse error: subquery is only allowed on instant vector, got matrix instead"},
      {"\n\n  é", "3:3: parse error: unexpected character: 'é'"},
      {"foo + \xff", "parse error: invalid UTF-8 rune"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(error_of(c.text), c.expected) << c.text;
  }
}

TEST(Parse, RefusesBadRegexWithItsPlace) {
  EXPECT_NE(error_of("foo{a=~\"(\"}").find("1:8: parse error: bad regular expression"),
            std::string::npos);
}

TEST(Parse, SurvivesHostileInput) {
  std::string chain = "a";
  for (int i = 0; i < 100'000; ++i) {
    chain += "+a";
  }
  const std::vector<std::string> hostile = {
      std::string(100'000, '('),
      std::string(100'000, '-') + "1",
      chain,
      std::string(kMaxQueryBytes + 1, ' '),
      "a" + std::string(100'000, '[') + "5m",
      std::string(100'000, '{'),
      std::string("a") + std::string(5'000, '^'),
  };
  for (const std::string& text : hostile) {
    EXPECT_FALSE(parse(text)) << text.substr(0, 20);
  }
  std::string powers = "1";
  std::string subqueries = "a";
  std::string calls;
  for (int i = 0; i < 10'000; ++i) {
    powers += "^1";
    subqueries += "[5m:1m]";
    calls += "abs(";
  }
  EXPECT_EQ(parse(powers).error().code(), base::ErrorCode::kLimitExceeded);
  EXPECT_FALSE(parse(subqueries));
  EXPECT_EQ(parse(calls + "a" + std::string(10'000, ')')).error().code(),
            base::ErrorCode::kLimitExceeded);
}

TEST(Parse, TakesDeepButSaneInput) {
  EXPECT_TRUE(parse(std::string(100, '(') + "a" + std::string(100, ')')));
  std::string chain = "a";
  for (int i = 0; i < 500; ++i) {
    chain += " or a";
  }
  EXPECT_TRUE(parse(chain));
}

}  // namespace
}  // namespace tocsin::promql
