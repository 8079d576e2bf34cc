#include "incidents/config.h"

#include <gtest/gtest.h>

#include "yaml/document.h"

namespace tocsin::incidents {
namespace {

struct Decoded {
  Config config;
  std::string errors;
};

Decoded decode(const std::string& text) {
  const auto document = yaml::Document::parse(text, "tocsin.yml");
  EXPECT_TRUE(document) << text;
  yaml::Problems problems;
  Decoded decoded;
  decoded.config = decode_config(document->root(), problems);
  for (const base::Error& error : problems.errors()) {
    decoded.errors += error.to_string() + "\n";
  }
  return decoded;
}

TEST(IncidentsConfig, DefaultsAreThoseOfTheProcess) {
  const auto [config, errors] = decode("{}");
  EXPECT_EQ(errors, "");
  ASSERT_EQ(config.open_on.size(), 1U);
  EXPECT_EQ(config.open_on.front().to_string(), R"(severity=~"critical|page")");
  EXPECT_EQ(config.resolve_after, std::chrono::minutes(10));
  EXPECT_EQ(config.reopen_window, std::chrono::minutes(30));
  EXPECT_EQ(config.max_window, std::chrono::hours(6));
  EXPECT_EQ(config.grade_matrix.at(Seriousness::kMediumHigh, Coverage::kMiddle), 3);
  EXPECT_EQ(config.grade_matrix.at(Seriousness::kLow, Coverage::kNarrow), 5);
  EXPECT_EQ(config.grade_matrix.worst(Seriousness::kHigh), 1);
}

TEST(IncidentsConfig, ReadsEveryKey) {
  const auto [config, errors] = decode(R"(
open_on: ['severity="page"', 'team=~"a|b", env!=test']
resolve_after: 5m
reopen_window: 1h
max_window: 2h
grade_matrix:
  high: [2, 2, 3]
)");
  EXPECT_EQ(errors, "");
  EXPECT_EQ(config.open_on.size(), 3U);
  EXPECT_EQ(config.resolve_after, std::chrono::minutes(5));
  EXPECT_EQ(config.reopen_window, std::chrono::hours(1));
  EXPECT_EQ(config.max_window, std::chrono::hours(2));
  EXPECT_EQ(config.grade_matrix.worst(Seriousness::kHigh), 2);
  EXPECT_EQ(config.grade_matrix.worst(Seriousness::kLow), 4);
  EXPECT_EQ(decode("open_on: severity=page").config.open_on.front().to_string(),
            R"(severity="page")");
}

TEST(IncidentsConfig, SaysWhereAndWhatWasExpected) {
  for (const auto& [text, expected] : std::initializer_list<std::pair<const char*, const char*>>{
           {"open_on: []", "at least one matcher"},
           {"open_on: {a: b}", "expected matchers"},
           {"open_on: 'severity'", "expected one of"},
           {"open_on: ['a=b', [x]]", "expected matchers"},
           {"resolve_after: 0s", "more than 0s"},
           {"resolve_after: soon", "tocsin.yml:1:16"},
           {"grade_matrix: 3", "expected rows"},
           {"grade_matrix: {huge: [1, 1, 1]}", "medium-high"},
           {"grade_matrix: {high: [1, 1]}", "three grades"},
           {"grade_matrix: {high: [1, 1, 6]}", "three grades"},
           {"cadence: {}", "not supported yet"},
           {"open_onn: a=b", "open_on"}}) {
    const auto decoded = decode(text);
    EXPECT_NE(decoded.errors.find(expected), std::string::npos) << text << ": " << decoded.errors;
  }
}

}  // namespace
}  // namespace tocsin::incidents
