#include "app/query_config.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tocsin::app {
namespace {

QueryConfig decode(const std::string& text, std::vector<std::string>& errors) {
  const auto document = yaml::Document::parse(text, "f");
  yaml::Problems problems;
  QueryConfig config = decode_query(document->root(), problems);
  for (const base::Error& error : problems.errors()) {
    errors.push_back(error.to_string());
  }
  return config;
}

TEST(QueryConfig, DefaultsAreThoseOfPrometheus) {
  std::vector<std::string> errors;
  const QueryConfig config = decode("{}", errors);
  EXPECT_TRUE(errors.empty());
  EXPECT_EQ(config.timeout, std::chrono::minutes(2));
  EXPECT_EQ(config.lookback_delta, std::chrono::minutes(5));
  EXPECT_EQ(config.max_concurrency, 20U);
  EXPECT_EQ(config.max_samples, 50'000'000U);
  EXPECT_EQ(config.max_points, 11'000U);
}

TEST(QueryConfig, TakesEveryKey) {
  std::vector<std::string> errors;
  const QueryConfig config = decode(
      "{timeout: 10s, lookback_delta: 1m, max_concurrency: 1, max_samples: 2, max_points: 3, "
      "max_length: 4, max_depth: 5}",
      errors);
  EXPECT_TRUE(errors.empty());
  EXPECT_EQ(config.timeout, std::chrono::seconds(10));
  EXPECT_EQ(config.lookback_delta, std::chrono::minutes(1));
  EXPECT_EQ(config.max_concurrency, 1U);
  EXPECT_EQ(config.max_samples, 2U);
  EXPECT_EQ(config.max_points, 3U);
  EXPECT_EQ(config.max_length, 4U);
  EXPECT_EQ(config.max_depth, 5U);
}

TEST(QueryConfig, RefusesWhatMakesNoSense) {
  for (const std::string text : {"{timeout: 0s}", "{lookback_delta: 0s}", "{max_concurrency: 0}",
                                 "{max_concurrency: 1001}", "{max_samples: 0}", "{max_points: x}",
                                 "{max_length: -1}", "{max_depth: 0}", "{maximum: 1}"}) {
    std::vector<std::string> errors;
    decode(text, errors);
    EXPECT_EQ(errors.size(), 1U) << text;
  }
}

}  // namespace
}  // namespace tocsin::app
