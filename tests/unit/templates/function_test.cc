#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>

#include "templates/rule_data.h"
#include "templates/template.h"

namespace tocsin::templates {
namespace {

using ::testing::HasSubstr;

struct Case {
  const char* text;
  const char* expected;
};

std::string render(std::string_view text, const FunctionMap& functions, const Value& data) {
  const auto parsed = Template::parse("t", text, functions);
  if (!parsed) {
    return "parse " + parsed.error().to_string();
  }
  const auto result = parsed->execute(data, functions);
  return result ? *result : "run " + result.error().to_string();
}

void check(std::span<const Case> cases, const FunctionMap& functions, const Value& data) {
  for (const Case& c : cases) {
    EXPECT_THAT(render(c.text, functions, data), HasSubstr(c.expected)) << c.text;
  }
}

TEST(Printf, FormatsAsGo) {
  const Case cases[] = {
      {"{{ printf \"%v|%s|%q\" 1 \"a\" \"b\" }}", "1|a|\"b\""},
      {"{{ printf \"%d|%5d|%-5d|%05d|%+d\" 7 7 7 7 7 }}", "7|    7|7    |00007|+7"},
      {"{{ printf \"%x|%X|%o|%b|%c|%q\" 255 255 8 5 65 65 }}", "ff|FF|10|101|A|'A'"},
      {"{{ printf \"%f|%.2f|%8.2f|%-8.1f|\" 1.5 1.555 2.0 3.0 }}",
       "1.500000|1.55|    2.00|3.0     |"},
      {"{{ printf \"%e|%g|%.3g|%G\" 12345.678 0.1 12345.678 1e10 }}",
       "1.234568e+04|0.1|1.23e+04|1E+10"},
      {"{{ printf \"%t|%T|%T|%T\" true 1 1.5 \"x\" }}", "true|int|float64|string"},
      {"{{ printf \"%10s|%-10s|%.2s\" \"ab\" \"ab\" \"abc\" }}", "        ab|ab        |ab"},
      {"{{ printf \"%x\" \"hi\" }}", "6869"},
      {"{{ printf \"%%\" }}", "%"},
      {"{{ printf \"%d\" \"x\" }}", "%!d(string=x)"},
      {"{{ printf \"%s\" 5 }}", "%!s(int=5)"},
      {"{{ printf \"%d\" 1.5 }}", "%!d(float64=1.5)"},
      {"{{ printf \"%d %d\" 1 }}", "1 %!d(MISSING)"},
      {"{{ printf \"%d\" 1 2 }}", "1%!(EXTRA int=2)"},
      {"{{ printf \"%z\" 1 }}", "%!z(int=1)"},
      {"{{ printf \"%\" }}", "%!(NOVERB)"},
      {"{{ printf \"%s\" nil }}", "%!s(<nil>)"},
      {"{{ printf \"%*d|\" 4 1 }}", "   1|"},
      {"{{ printf \"%s\" .L }}", "[a b]"},
      {"{{ printf \"%.1f\" .Inf }}", "+Inf"},
      {"{{ printf \"%s\" .D }} {{ printf \"%.0f\" .D.Minutes }}", "1h0m30s 60"},
      {"{{ printf \"%9999999d\" 1 }}", "%!(BADWIDTH)"},
      {"{{ printf 5 }}", "printf takes a format text first"},
  };
  const Value data = Struct{"Data",
                            {{"L", List{"a", "b"}},
                             {"Inf", std::numeric_limits<double>::infinity()},
                             {"D", Span{std::chrono::seconds(3630)}}}};
  check(cases, prometheus_functions(), data);
}

TEST(PrometheusFunctions, GiveTheTextsOfPrometheus) {
  const Case cases[] = {
      {"{{ humanize 0.0 }} {{ humanize 1.0 }} {{ humanize 1234567.0 }} {{ humanize 0.00123 }}",
       "0 1 1.235M 1.23m"},
      {"{{ humanize \"-47000\" }} {{ humanize 99999.5 }}", "-47k 100k"},
      {"{{ humanize1024 0.0 }} {{ humanize1024 1048576.0 }} {{ humanize1024 .12 }}", "0 1Mi 0.12"},
      {"{{ humanizeDuration 0 }} {{ humanizeDuration 1 }} {{ humanizeDuration 899.99 }}",
       "0s 1s 14m 59s"},
      {"{{ humanizeDuration 86400 }}|{{ humanizeDuration 3600 }}|{{ humanizeDuration -90 }}",
       "1d 0h 0m 0s|1h 0m 0s|-1m 30s"},
      {"{{ humanizeDuration .1 }} {{ humanizeDuration .0001 }} {{ humanizeDuration 12.3456 }}",
       "100ms 100us 12.35s"},
      {"{{ humanizePercentage 0.1234567 }} {{ humanizePercentage 0.00005 }}", "12.35% 0.005%"},
      {"{{ humanizeTimestamp 1435065584.128 }}", "2015-06-23 13:19:44.128 +0000 UTC"},
      {"{{ humanizeTimestamp 1e300 }}", "cannot be represented"},
      {"{{ (toTime 1435065584.0).Year }} {{ toDuration 1800 }}", "2015 30m0s"},
      {"{{ parseDuration \"1h30m\" }} {{ toDuration (parseDuration \"90s\") }}", "5400 1m30s"},
      {"{{ title \"some texT_a b\" }} {{ toUpper \"aé\" }} {{ toLower \"AB\" }}",
       "Some TexT_a B Aé ab"},
      {"{{ match \"a.c\" \"xabcx\" }} {{ match \"^b\" \"ab\" }}", "true false"},
      {"{{ reReplaceAll \"(a)(b)\" \"$2$1-${1}x $$ $9\" \"zabz\" }}", "zba-ax $ z"},
      {"{{ reReplaceAll \"(?P<n>[0-9]+)\" \"<$n>\" \"a12b3\" }}", "a<12>b<3>"},
      {"{{ reReplaceAll \"x*\" \"-\" \"abxc\" }}", "-a-b-c-"},
      {"{{ stripPort \"host:9090\" }} {{ stripPort \"host\" }} {{ stripPort \"[::1]:80\" }}",
       "host host ::1"},
      {"{{ stripDomain \"a.b.c:80\" }} {{ stripDomain \"a.b\" }} {{ stripDomain \"10.0.0.1:80\" }}",
       "a:80 a 10.0.0.1:80"},
      {"{{ graphLink \"up == 0\" }} {{ tableLink \"up\" }}",
       "/graph?g0.expr=up+%3D%3D+0&g0.tab=0 /graph?g0.expr=up&g0.tab=1"},
      {"{{ (first .Q).Value }} {{ label \"a\" (first .Q) }} {{ . | printf \"%T\" }}", "2 z"},
      {"{{ range sortByLabel \"a\" .Q }}{{ .Labels.a }}{{ value . }} {{ end }}", "b1 z2 "},
      {"{{ range .Q }}{{ strvalue . }},{{ end }}", ",,"},
      {"{{ safeHtml \"<b>\" }} {{ urlQueryEscape \"a b\" }}", "<b> a+b"},
      {"{{ with args 1 \"x\" }}{{ .arg1 }}{{ .arg0 }}{{ end }}", "x1"},
      {"{{ humanize \"abc\" }}", "not a number"},
      {"{{ humanize .Q }}", "can't convert"},
      {"{{ label \"a\" 5 }}", "expected a sample"},
  };
  const Value data =
      Struct{"Data", {{"Q", List{sample_value({{"a", "z"}}, 2), sample_value({{"a", "b"}}, 1)}}}};
  check(cases, prometheus_functions(), data);
}

TEST(AlertmanagerFunctions, GiveTheTextsOfAlertmanager) {
  const Case cases[] = {
      {"{{ title \"hELLO don't\" }} {{ trimSpace \" a \" }}|", "Hello Don't a|"},
      {"{{ stringSlice \"a\" \"b\" | join \", \" }} {{ join \"-\" .L }}", "a, b x-y"},
      {"{{ urlUnescape \"a%20b+c\" }} {{ safeUrl \"u\" }}", "a b c u"},
      {"{{ urlUnescape \"%zz\" }}", "invalid URL escape"},
      {"{{ date \"2006-01-02T15:04:05.000Z07:00\" .T }}", "2026-07-01T12:30:45.250Z"},
      {"{{ .T | tz \"Asia/Seoul\" | date \"02.01.06 03:04PM MST -0700\" }}",
       "01.07.26 09:30PM KST +0900"},
      {"{{ .T | tz \"Europe/Berlin\" | date \"15:04 MST\" }}", "14:30 CEST"},
      {"{{ .T | tz \"America/New_York\" | date \"3:04pm Monday, January 2\" }}",
       "8:30am Wednesday, July 1"},
      {"{{ .W | tz \"America/New_York\" | date \"15:04 MST\" }}", "19:00 EST"},
      {"{{ .T | tz \"Mars/Base\" }}", "unknown time zone"},
      {"{{ since .T }} {{ now.Sub .T }} {{ humanizeDuration (since .T).Seconds }}",
       "1m0s 1m0s 1m 0s"},
      {"{{ toJson (dict \"a\" 1 \"b\" (list true nil \"<x>\" 1.5)) }}",
       "{\"a\":1,\"b\":[true,null,\"\\u003cx\\u003e\",1.5]}"},
      {"{{ toJson .T }} {{ toJson . | len }}", "\"2026-07-01T12:30:45.25Z\""},
      {"{{ range append (list 1) 2 3 }}{{ . }}{{ end }}", "123"},
      {"{{ dict 1 2 }}", "dict keys must be strings"},
      {"{{ dict \"a\" }}", "dict takes pairs"},
      {"{{ append 1 2 }}", "append takes a list first"},
      {"{{ .T.After .W }} {{ .W.IsZero }} {{ .T.Nope }}", "can't evaluate field Nope"},
      {"{{ .T.Format 5 }}", "wrong arguments for method Format"},
      {"{{ (.T.Add (since .T)).Minute }} {{ (since .T).Round 7200000000000 }}", "31 0s"},
  };
  FunctionMap functions = alertmanager_functions();
  const base::WallTime when = base::from_millis(1'782'909'045'250);
  add_clock_functions(functions, when + std::chrono::minutes(1));
  const Value data = Struct{"Data",
                            {{"T", Time{when}},
                             {"W", Time{base::from_millis(1'767'225'600'000)}},
                             {"L", List{"x", "y"}}}};
  check(cases, functions, data);
}

TEST(Objects, HaveMethodsAndContent) {
  Object object{
      "KV",
      Map{{"a", "1"}, {"Names", "hidden"}},
      {{"Names",
        [](const std::vector<Value>&) -> base::Result<Value> { return Value(List{"a", "Names"}); }},
       {"Fail", [](const std::vector<Value>&) -> base::Result<Value> {
          return base::Error(base::ErrorCode::kInvalidInput, "no");
        }}}};
  const Value data = Struct{"Data", {{"KV", std::move(object)}}};
  const Case cases[] = {
      {"{{ .KV.a }}{{ .KV.nope }} {{ .KV.Names }} {{ len .KV }}", "1 [a Names] 2"},
      {"{{ range $k, $v := .KV }}{{ $k }}{{ end }}", "Namesa"},
      {"{{ .KV.Fail }}", "t:1:4: error calling Fail: no"},
      {"{{ printf \"%T\" .KV }}", "map[string]string"},
  };
  check(cases, alertmanager_functions(), data);
}

TEST(RuleText, KnowsTheVariablesAndKeepsColumns) {
  const FunctionMap functions = prometheus_functions();
  RuleData data{{{"job", "api"}}, {{"region", "eu"}}, "http://x", 5e10};
  const auto parsed = parse_rule_text(
      "",
      "{{ $labels.job }} {{ .Labels.job }} {{ $value }} {{ $externalLabels.region }} "
      "{{ $externalURL }} {{ $labels.nope }}",
      functions);
  ASSERT_TRUE(parsed) << parsed.error().to_string();
  EXPECT_EQ(*parsed->execute(rule_data(data), functions), "api api 5e+10 eu http://x ");
  const auto broken = parse_rule_text("", "ab {{ nope }}", functions);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().position()->line, 1);
  EXPECT_EQ(broken.error().position()->column, 7);
}

TEST(TemplateSet, ReplacesAndCallsDefinitions) {
  const FunctionMap functions = alertmanager_functions();
  auto set = *Template::parse("main", "{{ template \"a\" . }}", functions);
  ASSERT_TRUE(set.add("a.tmpl", "text {{ define \"a\" }}one{{ end }}", functions));
  const Template copy = set;
  ASSERT_TRUE(set.add("a", "{{ define \"a\" }}two{{ end }}", functions));
  EXPECT_EQ(*copy.execute(Value(), functions), "one");
  EXPECT_EQ(*set.execute(Value(), functions), "two");
  EXPECT_EQ(*set.execute_named("a", Value(), functions), "two");
  EXPECT_TRUE(set.has("a"));
  EXPECT_FALSE(set.has("b"));
  EXPECT_EQ(set.execute_named("b", Value(), functions).error().code(), base::ErrorCode::kNotFound);
  EXPECT_FALSE(set.add("b", "{{ if }}", functions));
}

}  // namespace
}  // namespace tocsin::templates
