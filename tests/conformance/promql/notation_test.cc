#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "model/sample.h"
#include "support/series_notation.h"

namespace tocsin::testing {
namespace {

std::string show(std::string_view line) {
  const auto series = parse_series_line(line);
  if (!series) {
    return "error";
  }
  std::string text = series->labels.to_string();
  for (const auto& value : series->values) {
    text += " ";
    if (!value) {
      text += "_";
    } else {
      text += model::is_stale(*value) ? "stale" : base::format_number_short(*value);
    }
  }
  return text;
}

TEST(SeriesNotation, ReadsEveryForm) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"m 1 -2.5 1e3 +4 Inf -inf NaN 1_000", "m 1 -2.5 1000 4 +Inf -Inf NaN 1000"},
      {"m _ stale _x2 3x1", "m _ stale _ _ 3 3"},
      {"m 0+10x2 5-1x2 -1-1x1", "m 0 10 20 5 4 3 -1 -2"},
      {"m 1e-1x1 0x3", "m 0.1 0.1 0 0 0 0"},
      {"m{a=\"b\",c='d',} 1", "m{a=\"b\", c=\"d\"} 1"},
      {"{\"x.y\", \"p q\"=`\\n`} 1", "{\"x.y\", \"p q\"=\"\\\\n\"} 1"},
      {"{a=\"\\x41\\n\"} 1", "{a=\"A\\n\"} 1"},
      {"m {{sum:1 count:2}}x1 {{}} 5", "m _ _ _ 5"},
      {"m", "m"},
      {"m 1x", "error"},
      {"m x5", "error"},
      {"m{a} 1", "error"},
      {"m{a=b} 1", "error"},
      {"m{a=\"b} 1", "error"},
      {"m{a=\"b\" c=\"d\"} 1", "error"},
      {" 1", "error"},
  };
  for (const auto& [line, expected] : cases) {
    EXPECT_EQ(show(line), expected) << line;
  }
}

}  // namespace
}  // namespace tocsin::testing
