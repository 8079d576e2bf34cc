#include "rules/near.h"

#include <gtest/gtest.h>

namespace tocsin::rules {
namespace {

std::string near(const std::string& text) {
  const auto query = promql::parse(text);
  EXPECT_TRUE(query) << text;
  const auto moved = near_query(*query);
  return moved ? moved->text() : "";
}

TEST(NearQuery, MovesThresholdsTowardsCalm) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"x > 80", "x > 72"},
      {"x >= 0.5", "x >= 0.45"},
      {"x < 10", "x < 11"},
      {"x <= -10", "x <= -9"},
      {"x > -10", "x > -11"},
      {"80 < x", "72 < x"},
      {"10 > x", "11 > x"},
      {"(x > (80))", "(x > 72)"},
      {"rate(x[5m]) * 100 > 5 and on (job) up == 1",
       "rate(x[5m]) * 100 > 4.5 and on (job) up == 1"},
      {"x > 10 or y < 100", "x > 9 or y < 110"},
      {"x > 10 unless y > 10", "x > 9 unless y > 10"},
      {"sum by (job) (x) > 1e3", "sum by (job) (x) > 900"},
  };
  for (const auto& [text, want] : cases) {
    EXPECT_EQ(near(text), want);
  }
}

TEST(NearQuery, LeavesWhatHasNoNeighbourhood) {
  for (const std::string text :
       {"x", "up == 0", "x != 3", "x > 0", "x > y", "x > bool 3", "absent(x)", "1 > bool 0",
        "sum(x > 3)", "x > +Inf", "vector(1)"}) {
    EXPECT_EQ(near(text), "") << text;
  }
}

}  // namespace
}  // namespace tocsin::rules
