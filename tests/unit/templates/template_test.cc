#include "templates/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tocsin::templates {
namespace {

using ::testing::HasSubstr;

Value sample() {
  const Map labels{{"job", "api"}, {"instance", "a:9090"}};
  Struct body{"Data",
              {{"Labels", labels},
               {"Value", 1.5},
               {"List", List{1, 2, 3}},
               {"Empty", List{}},
               {"Name", "x"},
               {"Nil", Value()},
               {"When", Time{base::from_millis(1'767'225'600'000)}}}};
  return Value(std::move(body));
}

std::string render(std::string_view text, const Limits& limits = {}) {
  const FunctionMap functions = prometheus_functions();
  const auto parsed = Template::parse("t", text, functions);
  if (!parsed) {
    return "parse " + parsed.error().to_string();
  }
  const auto result = parsed->execute(sample(), functions, limits);
  return result ? *result : "run " + result.error().to_string();
}

struct Case {
  const char* text;
  const char* expected;
};

TEST(Template, RendersActions) {
  const Case cases[] = {
      {"plain", "plain"},
      {"{{ .Name }}", "x"},
      {"{{ .Labels.job }}-{{ .Labels.nope }}", "api-"},
      {"{{ .Nil }}", ""},
      {"a {{- .Name -}} b", "axb"},
      {"a {{- /* c */ -}} b", "ab"},
      {"a{{/* c */}} b", "a b"},
      {"{{ $x := 5 }}{{ $x }}{{ $x = 6 }}{{ $x }}", "56"},
      {"{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"},
      {"{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ $x }}{{ end }}{{ $x }}", "21"},
      {"{{ if eq .Name \"x\" }}a{{ else }}b{{ end }}", "a"},
      {"{{ if eq .Name \"y\" }}a{{ else if eq .Name \"x\" }}b{{ else }}c{{ end }}", "b"},
      {"{{ range .List }}{{ . }},{{ end }}", "1,2,3,"},
      {"{{ range $i, $e := .List }}{{ $i }}={{ $e }} {{ end }}", "0=1 1=2 2=3 "},
      {"{{ range $e := .List }}{{ if eq $e 2 }}{{ continue }}{{ end }}{{ $e }}{{ end }}", "13"},
      {"{{ range .List }}{{ if eq . 2 }}{{ break }}{{ end }}{{ . }}{{ end }}", "1"},
      {"{{ range $k, $v := .Labels }}{{ $k }}={{ $v }};{{ end }}", "instance=a:9090;job=api;"},
      {"{{ range .Empty }}x{{ else }}none{{ end }}", "none"},
      {"{{ range 3 }}{{ . }}{{ end }}", "012"},
      {"{{ range .Nil }}x{{ else }}none{{ end }}", "none"},
      {"{{ with .Name }}{{ . }}{{ $.Value }}{{ end }}", "x1.5"},
      {"{{ with .Empty }}a{{ else with .Name }}{{ . }}{{ end }}", "x"},
      {"{{ define \"a\" }}<{{ . }}>{{ end }}{{ template \"a\" .Name }}", "<x>"},
      {"{{ block \"a\" .Name }}[{{ . }}]{{ end }}", "[x]"},
      {"{{ .Name | printf \"%s-%s\" \"a\" }}", "a-x"},
      {"{{ (index .List 1) }}", "2"},
      {"{{ printf \"%d\" (len .List) }}", "3"},
      {"{{ \"a\\tb\\u00e9\\x41\" }}",
       "a\tb\xC3\xA9"
       "A"},
      {"{{ `raw\\n` }}", "raw\\n"},
      {"{{ 'a' }} {{ 1_000 }} {{ 0x10 }} {{ 1.50 }} {{ -3 }}", "97 1000 16 1.5 -3"},
      {"{{ 1000000.0 }} {{ 123456.0 }} {{ 0.00001 }}", "1e+06 123456 1e-05"},
      {"{{ true }} {{ and 1 0 }} {{ or 0 \"y\" }} {{ not 0 }}", "true 0 y true"},
      {"{{ or .Name (index .Empty 5) }}", "x"},
      {"{{ eq 1 2 3 1 }} {{ ne 1 2 }} {{ lt 1.5 2.5 }} {{ ge \"b\" \"a\" }}",
       "true true true true"},
      {"{{ slice \"abcdef\" 1 3 }}{{ len (slice .List 1) }}", "bc2"},
      {"{{ html \"<a&b>\" }} {{ urlquery \"a b&c\" }}", "&lt;a&amp;b&gt; a+b%26c"},
      {"{{ print 1 2 \"a\" 3 }}", "1 2a3"},
      {"{{ println 1 \"a\" }}", "1 a\n"},
      {"{{ .List }} {{ .Labels }}", "[1 2 3] map[instance:a:9090 job:api]"},
      {"{{ .When.Format \"Jan _2 15:04\" }} {{ .When.Unix }}", "Jan  1 00:00 1767225600"},
      {"{{ .When }}", "2026-01-01 00:00:00 +0000 UTC"},
      {"{{ $l := .Labels }}{{ $l.job }}{{ (printf \"%s\" $l.job) }}", "apiapi"},
      {"{{ if\n .Name }}a{{\nend }}", "a"},
      {"{{ define \"a\" }}{{ .arg0 }}{{ .arg1 }}{{ end }}{{ template \"a\" (args 1 \"b\") }}",
       "1b"},
      {"{{ define \"a\" }}{{ . }}{{ end }}{{ tmpl \"a\" 5 | printf \"<%s>\" }}", "<5>"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(render(c.text), c.expected) << c.text;
  }
}

TEST(Template, ReportsErrorsWithTheirPlace) {
  const Case cases[] = {
      {"a\n{{ nope }}", "parse t:2:4: function \"nope\" not defined"},
      {"{{ if .Name }}", "parse t:1:1: {{ if }} without {{ end }}"},
      {"{{ end }}", "parse t:1:1: unexpected {{ end }}"},
      {"é{{ .Name ", "parse t:1:2: the action is not closed"},
      {"{{ $x }}", "parse t:1:4: undefined variable \"$x\""},
      {"{{ \"a }}", "the quote is not closed"},
      {"{{ break }}", "break outside of range"},
      {"{{ .Name | 5 }}", "a constant cannot take"},
      {"{{ (1 }}", "the parenthesis is not closed"},
      {"{{ }}", "missing value in an action"},
      {"{{ if true }}{{ define \"a\" }}{{ end }}{{ end }}", "outermost"},
      {"{{/* x }}", "the comment is not closed"},
      {"{{ \"a\\q\" }}", "not an escape sequence"},
      {"{{ 1.2.3 }}", "not a number"},
      {"{{ # }}", "unexpected \"#\""},
      {"{{ if true }}a{{ else }}b{{ else }}c{{ end }}", "a second {{ else }}"},
      {"{{ template x }}", "template takes a quoted name"},
      {"{{ .Nope }}", "run t:1:4: can't evaluate field Nope in type Data"},
      {"{{ template \"nope\" }}", "template \"nope\" not defined"},
      {"{{ range .Name }}{{ end }}", "range can't iterate over string"},
      {"{{ gt .Value 1 }}", "incompatible types for comparison"},
      {"{{ index .List 3 }}", "error calling index: index out of range: 3"},
      {"{{ .Name 5 }}", "Name is not a method but has arguments"},
      {"{{ humanize }}", "error calling humanize: wrong number of args: want 1 got 0"},
      {"{{ toUpper 5 }}", "wrong type for value; expected string; got int"},
      {"{{ match \"(\" \"x\" }}", "not a valid regular expression"},
      {"{{ eq .List .List }}", "non-comparable type"},
      {"{{ call .Name }}", "call of non-function"},
      {"{{ first .Empty }}", "first() called on vector with no elements"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(render(c.text), HasSubstr(c.expected)) << c.text;
  }
}

TEST(Template, KeepsItsLimits) {
  EXPECT_THAT(render("{{ range 100 }}x{{ end }}", {.max_output_bytes = 50}),
              HasSubstr("writes more than 50 bytes"));
  EXPECT_THAT(render("{{ range 10000000 }}{{ end }}"), HasSubstr("more than 1000000 steps"));
  EXPECT_THAT(render("{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}"),
              HasSubstr("nested deeper than 100 levels"));
  EXPECT_THAT(render("{{ $x := \"aaaaaaaa\" }}{{ range 99 }}{{ $x = print $x $x }}{{ end }}"),
              HasSubstr("too long"));
  EXPECT_THAT(render("{{ $x := args 1 }}{{ range 99 }}{{ $x = args $x $x }}{{ end }}{{ $x }}"),
              HasSubstr("nested too deeply"));
  EXPECT_THAT(render("{{ $x := args 1 }}{{ range 40 }}{{ $x = args $x $x }}{{ end }}{{ $x }}"),
              HasSubstr("writes more than"));
  EXPECT_THAT(render("{{ " + std::string(1000, '(') + "1" + std::string(1000, ')') + " }}"),
              HasSubstr("nested too deeply"));
}

}  // namespace
}  // namespace tocsin::templates
