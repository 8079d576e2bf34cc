#include "exposition/parse.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace tocsin::exposition {
namespace {

/// Every sample as `labels value[@time]`, one per line.
std::string text(const Page& page) {
  std::string out;
  for (const ParsedSample& sample : page.samples()) {
    out += page.label_set(sample).to_string() + " ";
    out += std::isnan(sample.value) ? "NaN" : std::to_string(sample.value).substr(0, 6);
    out += sample.time_ms ? "@" + std::to_string(*sample.time_ms) : "";
    out += "\n";
  }
  return out;
}

std::string parsed(std::string_view body, Format format = Format::kText) {
  const base::Result<Page> page = parse(body, format);
  return page ? text(*page) : page.error().to_string();
}

constexpr Format kOm = Format::kOpenMetrics;

struct Case {
  std::string_view body;
  std::string want;
};

TEST(Parse, ReadsTheTextFormat) {
  const std::vector<Case> cases = {
      {"", ""},
      {"\n \n\t\n", ""},
      {"a 1\n", "a 1.0000\n"},
      {"a 1", "a 1.0000\n"},
      {"a{} 1\n", "a 1.0000\n"},
      {"  a \t 1 \t 1395066363000 \n", "a 1.0000@1395066363000\n"},
      {"a 1 -5\n", "a 1.0000@-5\n"},
      {"a{b=\"c\"}1\n", "a{b=\"c\"} 1.0000\n"},
      {"a { b = \"c\" , d=\"e\" , } 1\n", "a{b=\"c\", d=\"e\"} 1.0000\n"},
      {"a{d=\"e\",b=\"c\"} 1\n", "a{b=\"c\", d=\"e\"} 1.0000\n"},
      {"a{b=\"\"} 1\n", "a 1.0000\n"},
      {R"(a{b="\"\\\n\x{},# "} 1)", R"(a{b="\"\\\n\\x{},# "} 1.0000)"
                                    "\n"},
      {":a:b_1 1\n", ":a:b_1 1.0000\n"},
      {"a NaN\nb +Inf\nc -inf\nd nan\n", "a NaN\nb inf\nc -inf\nd NaN\n"},
      {"a 1e3\nb -.5\nc 5.\nd +7\n", "a 1000.0\nb -0.500\nc 5.0000\nd 7.0000\n"},
      {"# a comment\n#another\n# HELP\n# EOF\na 1\n", "a 1.0000\n"},
      {"{\"a.b\"} 1\n", "{\"a.b\"} 1.0000\n"},
      {"{\"a.b\",\"x y\"=\"z\"} 1\n", "{\"a.b\", \"x y\"=\"z\"} 1.0000\n"},
      {"{__name__=\"a\",b=\"c\"} 1\n", "a{b=\"c\"} 1.0000\n"},
      {"a{b=\"한국\"} 1\n", "a{b=\"한국\"} 1.0000\n"},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(parsed(one.body), one.want) << one.body;
  }
}

TEST(Parse, RefusesGarbageWithLineAndReason) {
  const std::vector<Case> cases = {
      {"a 1\nb\n", "2:2: expected a space"},
      {"a 1\n}{ 2\n", "2:1: expected a metric name"},
      {"<html>\n", "1:1: expected a metric name"},
      {"a \n", "1:3: the value is missing"},
      {"a x\n", "1:3: invalid value \"x\""},
      {"a 1_000\n", "1:3: invalid value \"1_000\""},
      {"a 0x10\n", "1:3: invalid value \"0x10\""},
      {"a 1e999\n", "1:3: invalid value \"1e999\""},
      {"a --1\n", "1:3: invalid value \"--1\""},
      {"a 1 1.5\n", "1:5: invalid timestamp \"1.5\""},
      {"a 1 99999999999999999999\n", "1:5: invalid timestamp \"99999999999999999999\""},
      {"a 1 2 3\n", "1:7: unexpected text behind the sample"},
      {"a 1 # {} 1\n", "1:5: unexpected text behind the sample"},
      {"a{b} 1\n", "1:4: expected = after the label name"},
      {"a{b=} 1\n", "1:5: expected a label value in double quotes"},
      {"a{b='c'} 1\n", "1:5: expected a label value in double quotes"},
      {"a{b=\"c} 1\n", "1:5: the quoted text does not end on this line"},
      {"a{b=\"c\\\"} 1\n", "1:5: the quoted text does not end on this line"},
      {"a{b=\"c\\", "1:5: the quoted text does not end on this line"},
      {"a{b=\"c\" d=\"e\"} 1\n", "1:9: expected , or } after a label"},
      {"a{b=\"c\",,d=\"e\"} 1\n", "1:9: expected a label name"},
      {"a{1=\"c\"} 1\n", "1:3: expected a label name"},
      {"a{한=\"c\"} 1\n", "1:3: expected a label name"},
      {"a{b=\"c\"\n", "1:8: expected , or } after a label"},
      {"a{b=\"한\",b=\"d\"} 1\n", "1:9: label \"b\" appears twice"},
      {"a{__name__=\"b\"} 1\n", "1:3: label \"__name__\" appears twice"},
      {"{\"a\",\"b\"} 1\n", "1:6: a second metric name"},
      {"{b=\"c\"} 1\n", "1:1: the metric name is missing"},
      {"{\"\"} 1\n", "1:2: expected a label name"},
      {"a 1\r\n", "1:3: invalid value \"1\\r\""},
      {"a.b 1\n", "1:2: expected a space"},
      {"a 1\nb{c=\"d\xff\"} 1\n", "2:7: invalid UTF-8"},
      {"a 1\n# HELP a \xc0\x80\n", "2:10: invalid UTF-8"},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(parsed(one.body), one.want) << one.body;
  }
}

TEST(Parse, ReadsOpenMetrics) {
  const std::vector<Case> cases = {
      {"# EOF", ""},
      {"# EOF\n", ""},
      {"a 1 1.5\n# EOF\n", "a 1.0000@1500\n"},
      {"a 1 -1\n# EOF\n", "a 1.0000@-1000\n"},
      {"a 1 1e3\n# EOF\n", "a 1.0000@1000000\n"},
      {"a_total 1 # {b=\"c\"} 2 3\nb 1\n# EOF\n", "a_total 1.0000\nb 1.0000\n"},
      {"a_total{b=\"} # {\"} 1 5 # {} 2\n# EOF\n", "a_total{b=\"} # {\"} 1.0000@5000\n"},
      {"# TYPE a counter\na_total 1\na_created 5\n# EOF\n", "a_total 1.0000\na_created 5.0000\n"},
      {"a 1\n", "2:1: the page does not end with # EOF"},
      {"", "1:1: the page does not end with # EOF"},
      {"a 1\n# EOFblah", "3:1: the page does not end with # EOF"},
      {"# EOF\na 1\n", "2:1: unexpected text behind # EOF"},
      {"# EOF\n\n", "2:1: unexpected text behind # EOF"},
      {"a 1 NaN\n# EOF\n", "1:5: the timestamp is not a time"},
      {"a 1 Inf\n# EOF\n", "1:5: the timestamp is not a time"},
      {"a 1 1e300\n# EOF\n", "1:5: the timestamp is not a time"},
      {"a 1 z\n# EOF\n", "1:5: invalid timestamp \"z\""},
      {"a 1 #\n# EOF\n", "1:6: expected a space"},
      {"a 1 # x\n# EOF\n", "1:7: expected the labels of an exemplar"},
      {"a 1 # {b=} 1\n# EOF\n", "1:10: expected a label value in double quotes"},
      {"a 1 # {}\n# EOF\n", "1:9: expected a space"},
      {"a 1 # {} x\n# EOF\n", "1:10: invalid value of the exemplar \"x\""},
      {"a 1 # {} 1 x\n# EOF\n", "1:12: invalid timestamp \"x\""},
      {"a 1 # {} 1 1 1\n# EOF\n", "1:14: unexpected text behind the exemplar"},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(parsed(one.body, kOm), one.want) << one.body;
  }
}

TEST(Parse, KeepsMetadataOfFamilies) {
  const std::string_view body =
      "# HELP a_seconds first\\nsecond \\\\ \\\"quoted\\\"\n"
      "# TYPE a_seconds histogram\n"
      "# UNIT a_seconds seconds\n"
      "# TYPE \"b.c\" gauge\n"
      "# HELP d\n"
      "# EOF\n";
  const base::Result<Page> page = parse(body, kOm);
  ASSERT_TRUE(page) << page.error().to_string();
  ASSERT_EQ(page->families().size(), 3U);
  EXPECT_EQ(page->families()[0].name, "a_seconds");
  EXPECT_EQ(page->families()[0].type, model::MetricType::kHistogram);
  EXPECT_EQ(page->families()[0].help, "first\nsecond \\ \"quoted\"");
  EXPECT_EQ(page->families()[0].unit, "seconds");
  EXPECT_EQ(page->families()[1].name, "b.c");
  EXPECT_EQ(page->families()[1].type, model::MetricType::kGauge);

  const base::Result<Page> plain = parse("# HELP a x \\\"y\\\"\n# TYPE a untyped\n", Format::kText);
  EXPECT_EQ(plain->families()[0].help, "x \\\"y\\\"");
}

TEST(Parse, PassesOverFaultsInMetadata) {
  const std::string samples = "a 1.0000\nb 2.0000\na 3.0000\n";
  const std::vector<std::string_view> bodies = {
      "# TYPE a gauge\n# TYPE a counter\na 1\nb 2\na 3\n# EOF\n",
      "a 1\n# TYPE a gauge\n# HELP a late\nb 2\na 3\n# EOF\n",
      "# TYPE a meh\n# TYPE\n# TYPE a\n# HELP\n# UNIT\na 1\nb 2\na 3\n# EOF\n",
      "# FOO a\n#x\n#\n# TYPE 1 gauge\na 1\nb 2\n# HELP \"x\na 3\n# EOF\n",
  };
  for (const std::string_view body : bodies) {
    EXPECT_EQ(parsed(body, Format::kText), samples) << body;
    EXPECT_EQ(parsed(body, kOm), samples) << body;
  }
  EXPECT_EQ(parse(bodies[0], kOm)->families()[0].type, model::MetricType::kCounter);
}

TEST(Parse, WritesBucketLimitsAndQuantilesInOneForm) {
  const std::string_view body =
      "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"1e6\"} 1\nh_bucket{le=\"+Inf\"} 1\n"
      "h_bucket{le=\"x\"} 1\n"
      "# TYPE s summary\ns{quantile=\"0\",le=\"1\"} 1\n"
      "# TYPE g gauge\ng{le=\"1\",quantile=\"1\"} 1\n";
  EXPECT_EQ(parsed(body),
            "h_bucket{le=\"1.0\"} 1.0000\nh_bucket{le=\"1e+06\"} 1.0000\n"
            "h_bucket{le=\"+Inf\"} 1.0000\nh_bucket{le=\"x\"} 1.0000\n"
            "s{le=\"1\", quantile=\"0.0\"} 1.0000\n"
            "g{le=\"1\", quantile=\"1\"} 1.0000\n");
}

TEST(Parse, GivesTheSeriesAsWrittenAndItsLabels) {
  const std::string_view body = " a{b=\"\",c=\"x\"}  1 5\n";
  const base::Result<Page> page = parse(body, Format::kText);
  ASSERT_TRUE(page);
  const ParsedSample& sample = page->samples()[0];
  EXPECT_EQ(sample.series, "a{b=\"\",c=\"x\"}");
  EXPECT_EQ(sample.name, "a");
  ASSERT_EQ(page->labels(sample).size(), 2U);
  EXPECT_EQ(page->labels(sample)[1].name, "c");
  EXPECT_EQ(page->labels(sample)[1].value, "x");
}

TEST(Parse, UsesAPageAgainAndLeavesItEmptyOnFailure) {
  Page page;
  ASSERT_TRUE(parse_into("# TYPE a gauge\na{b=\"\\n\"} 1\n", Format::kText, page));
  ASSERT_TRUE(parse_into("c 1\n", Format::kText, page));
  EXPECT_EQ(text(page), "c 1.0000\n");
  EXPECT_TRUE(page.families().empty());
  EXPECT_FALSE(parse_into("# TYPE a gauge\nc 1\nd\n", Format::kText, page));
  EXPECT_TRUE(page.samples().empty());
  EXPECT_TRUE(page.families().empty());
}

TEST(Parse, AMovedPageKeepsItsTexts) {
  base::Result<Page> page = parse("a{b=\"\\n\",c=\"\\\\\"} 1\n", Format::kText);
  ASSERT_TRUE(page);
  const Page moved = std::move(*page);
  EXPECT_EQ(text(moved), "a{b=\"\\n\", c=\"\\\\\"} 1.0000\n");
}

TEST(Parse, TakesAnyCutOfAPageWithoutHarm) {
  const std::string body =
      "# HELP a help \\n\n# TYPE a histogram\n"
      "a_bucket{le=\"1\",x=\"\\\"한\"} 1 5 # {id=\"1\"} 2 3\n{\"m.n\",\"l\"=\"v\"} +Inf\n# EOF\n";
  for (std::size_t cut = 0; cut <= body.size(); ++cut) {
    // Copies of exact size, so that a sanitizer sees reads beyond the end.
    const std::vector<char> exact(body.begin(), body.begin() + static_cast<long>(cut));
    const std::string_view view(exact.data(), exact.size());
    const bool whole = cut + 1 >= body.size();
    EXPECT_EQ(parse(view, kOm).has_value(), whole) << cut;
    (void)parse(view, Format::kText);
  }
}

}  // namespace
}  // namespace tocsin::exposition
