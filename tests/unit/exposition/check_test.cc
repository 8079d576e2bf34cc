#include "exposition/check.h"

#include <gtest/gtest.h>

namespace tocsin::exposition {
namespace {

std::string checked(std::string_view body, Format format) {
  std::string text;
  for (const Problem& problem : check(body, format)) {
    text += (text.empty() ? "" : "; ") + std::to_string(problem.line) + ":" +
            std::to_string(problem.column) + ": " + problem.reason;
  }
  return text;
}

struct Case {
  std::string body;
  std::string want;
};

TEST(Check, HoldsOpenMetricsToTheLetter) {
  const std::vector<Case> cases = {
      {"# TYPE a gauge\na 1\n", ""},
      {"# TYPE \"a.b\" gauge\n{\"a.b\",x=\"y\"} 1 5\n", ""},
      {"a 1\n\n", "2:1: an empty line"},
      {" a 1\n", "1:1: expected a metric name"},
      {"a  1\n", "1:3: expected exactly one space"},
      {"a 1 \n", "1:5: the timestamp is missing"},
      {"a 1\t2\n", "1:4: expected a space"},
      {"a{b=\"c\",} 1\n", "1:9: expected a label after the comma"},
      {"a{ b=\"c\"} 1\n", "1:3: expected a label name"},
      {"#x\n", "1:2: expected a space"},
      {"# x\n", "1:3: expected HELP, TYPE, UNIT or EOF"},
      {"# HELP a\n", "1:9: expected a space after the name of the metric family"},
      {"# HELP 1 x\n", "1:8: expected the name of a metric family"},
      {"# TYPE a meh\n", "1:10: unknown type \"meh\""},
      {"# TYPE a gauge\n# TYPE a gauge\n", "2:1: a second TYPE for a"},
      {"# HELP a x\n# HELP a x\n", "2:1: a second HELP for a"},
      {"# UNIT a_b b\n# UNIT a_b b\n", "2:1: a second UNIT for a_b"},
      {"# UNIT a_c b\n", "1:12: the name does not end in the unit \"b\""},
      {"# UNIT a_c c\n# TYPE a_c info\n", "2:12: infos and state sets have no unit"},
      {"a 1\n# HELP a x\n", "2:1: metadata behind the samples of the family"},
      {"# TYPE a info\na_info 2\n", "2:8: the value of an info is 1"},
      {"# TYPE a stateset\na{a=\"x\"} 3\n", "2:10: the value of a state is 0 or 1"},
      {"# TYPE a stateset\na 1\n", "2:2: the label a is missing"},
      {"# TYPE a counter\na_total NaN\n", "2:9: a counter cannot be negative or NaN"},
      {"# TYPE a summary\na{quantile=\"2\"} 1\n", "2:2: a quantile lies between 0 and 1"},
      {"# TYPE a summary\na_sum -1\n", "2:7: sums and quantiles of a summary cannot be negative"},
      {"# TYPE a summary\na_count -1\n", "2:9: a count cannot be negative or NaN"},
      {"a 1\na 1\n", "2:1: the same series a second time"},
      {"a{b=\"1\",c=\"2\"} 1\na{c=\"2\",b=\"1\"} 1\n", "2:1: the same series a second time"},
      {"a 1 1\na 1 2\n", ""},
      {"a 1 2\na 1 1\n", "2:1: the timestamps of this metric go back"},
      {"a 1\na 1 1\n", "2:1: some samples of this metric have a timestamp and some have none"},
      {"# TYPE a summary\na_sum{b=\"1\"} 1\na_sum{b=\"2\"} 1\na_count{b=\"1\"} 1\n",
       "4:1: the samples of this metric are not all in one place"},
      {"a 1\nb 1\na{c=\"d\"} 1\n",
       "3:1: the name a belongs to another family, or to one whose lines are not all in one place"},
      {"a 1 # {b=\"c\"} 1\n",
       "1:5: only totals of counters and buckets of histograms may have exemplars"},
      {"# TYPE a counter\na_total 1 # {b=\"" + std::string(128, 'x') + "\"} 1\n",
       "2:11: the exemplar's labels are longer than 128 characters"},
      {"a{b=\"\xff\"} 1\n", "1:6: invalid UTF-8"},
      {"a x\nb y\n", "1:3: invalid value \"x\"; 2:3: invalid value \"y\""},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(checked(one.body + "# EOF\n", Format::kOpenMetrics), one.want) << one.body;
  }
  EXPECT_EQ(checked("a 1\n", Format::kOpenMetrics), "2:1: the page does not end with # EOF");
  EXPECT_EQ(checked("# EOF\n# EOF\n", Format::kOpenMetrics), "2:1: unexpected text behind # EOF");
}

TEST(Check, AddsHistogramsUp) {
  const std::string head = "# TYPE a histogram\n";
  const std::string gauge = "# TYPE a gaugehistogram\n";
  const std::vector<Case> cases = {
      {head + "a_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 2\na_count 2\na_sum 3\n", ""},
      {head + "a_bucket{le=\"+Inf\"} 2 1\na_bucket{le=\"+Inf\"} 3 2\n", ""},
      {head + "a_bucket{b=\"1\",le=\"1\"} 1\na_bucket{b=\"2\",le=\"+Inf\"} 2\n",
       "2:1: the histogram has no last bucket with le=\"+Inf\""},
      {head + "a_bucket{le=\"2\"} 1\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 2\n",
       "3:1: the buckets are not in the order of le"},
      {head + "a_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\n",
       "3:1: a bucket counts less than the one before"},
      {head + "a_bucket{le=\"+Inf\"} 1\na_count 2\na_sum 1\n",
       "4:1: the count is not that of the bucket +Inf"},
      {head + "a_bucket{le=\"+Inf\"} 1\na_sum 1\n", "3:1: the histogram has a sum but no count"},
      {head + "a_bucket{le=\"+Inf\"} 1\na_count 1\n", "3:1: the histogram has a count but no sum"},
      {head + "a_bucket{le=\"-1\"} 1\na_bucket{le=\"+Inf\"} 1\na_count 1\n", ""},
      {head + "a_bucket{le=\"-1\"} 1\na_bucket{le=\"+Inf\"} 1\na_count 1\na_sum 1\n",
       "5:1: a histogram with negative buckets cannot have a sum"},
      {gauge + "a_bucket{le=\"+Inf\"} 1\na_gcount 1\na_gsum -1\n",
       "4:1: the sum is negative and no bucket is"},
      {gauge + "a_bucket{le=\"+Inf\"} 1\na_gcount 1\na_gsum NaN\n", "4:8: a sum cannot be NaN"},
      {head + "a_bucket{le=\"x\"} 1\n", "2:9: le=\"x\" is not a number"},
  };
  for (const Case& one : cases) {
    const std::string got = checked(one.body + "# EOF\n", Format::kOpenMetrics);
    EXPECT_EQ(got.substr(0, got.find(';')), one.want) << one.body;
  }
}

TEST(Check, KnowsTheFreedomsOfTheTextFormat) {
  const std::vector<Case> cases = {
      {"", ""},
      {"# free words\n\n a  1  5\n", ""},
      {"# HELP a\n# TYPE a counter \na -1\n# HELP b late\n", ""},
      {"b 1\n# HELP b late\n", ""},
      {"# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_count 2\n", ""},
      {"# TYPE a\n", "1:9: expected the type"},
      {"# TYPE a meh\n", "1:10: unknown type \"meh\""},
      {"a 1\n# TYPE a gauge\n", "2:1: metadata behind the samples of the family"},
      {"# TYPE a gauge\n# TYPE a gauge\n", "2:1: a second TYPE for a"},
      {"# TYPE a summary\na 1\n", "2:2: the label quantile is missing"},
      {"a 1\na 2 5\n", "2:1: the same series a second time"},
      {"a 1\nb 1\na{c=\"d\"} 1\n",
       "3:1: the name a belongs to another family, or to one whose lines are not all in one place"},
      {"a 1e999\n", "1:3: invalid value \"1e999\""},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(checked(one.body, Format::kText), one.want) << one.body;
  }
}

TEST(Check, StopsAfterAHundredProblems) {
  std::string body;
  for (int i = 0; i < 500; ++i) {
    body += "?\n";
  }
  EXPECT_EQ(check(body, Format::kText).size(), kMaxProblems);
}

TEST(GuessFormat, GoesByTheMarkUnlessACounterHasItsOldName) {
  EXPECT_EQ(guess_format("a 1\n"), Format::kText);
  EXPECT_EQ(guess_format("a 1\n# EOF\n"), Format::kOpenMetrics);
  EXPECT_EQ(guess_format("# EOF\na 1\n"), Format::kOpenMetrics);
  EXPECT_EQ(guess_format("# TYPE a counter\na_total 1\n# EOF\n"), Format::kOpenMetrics);
  EXPECT_EQ(guess_format("# TYPE a_total counter\na_total 1\n# EOF\n"), Format::kText);
  EXPECT_EQ(guess_format("# TYPE a_total counter\r\na_total 1\r\n# EOF"), Format::kText);
}

}  // namespace
}  // namespace tocsin::exposition
