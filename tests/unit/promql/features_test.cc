#include "promql/features.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tocsin::promql {
namespace {

TEST(Features, DefaultsAreThoseOfPrometheus) {
  std::vector<std::string> unknown;
  const Features features = parse_features({}, unknown);
  EXPECT_FALSE(features.parse.experimental_functions);
  EXPECT_TRUE(features.parse.duration_expressions);
  EXPECT_FALSE(features.parse.extended_ranges);
  EXPECT_FALSE(features.parse.fill_modifiers);
  EXPECT_FALSE(features.delayed_name_removal);
  EXPECT_FALSE(features.use_start_timestamps);
}

TEST(Features, AreReadFromLists) {
  std::vector<std::string> unknown;
  const Features features =
      parse_features({"promql-experimental-functions, promql-binop-fill-modifiers",
                      "promql-extended-range-selectors,,use-start-timestamps"},
                     unknown);
  EXPECT_TRUE(features.parse.experimental_functions);
  EXPECT_TRUE(features.parse.fill_modifiers);
  EXPECT_TRUE(features.parse.extended_ranges);
  EvalOptions options;
  features.apply_to(options);
  EXPECT_TRUE(options.use_start_timestamps);
  EXPECT_FALSE(options.delayed_name_removal);
  EXPECT_TRUE(unknown.empty());
}

TEST(Features, OthersOfPrometheusAreTakenAndUnknownOnesNamed) {
  std::vector<std::string> unknown;
  parse_features({"exemplar-storage,promql-delayed-name-removal,promql-magic"}, unknown);
  EXPECT_EQ(unknown, std::vector<std::string>{"promql-magic"});
}

}  // namespace
}  // namespace tocsin::promql
