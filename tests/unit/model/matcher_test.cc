#include "model/matcher.h"

#include <gtest/gtest.h>

namespace tocsin::model {
namespace {

Matcher make(MatchKind kind, const std::string& value) {
  auto matcher = Matcher::make(kind, "job", value);
  EXPECT_TRUE(matcher) << value;
  return *std::move(matcher);
}

TEST(Matcher, ComparesWholeValues) {
  EXPECT_TRUE(make(MatchKind::kEqual, "api").matches("api"));
  EXPECT_FALSE(make(MatchKind::kEqual, "api").matches("api2"));
  EXPECT_TRUE(make(MatchKind::kNotEqual, "api").matches(""));
}

TEST(Matcher, RegularExpressionsAreAnchoredAndCrossLines) {
  EXPECT_TRUE(make(MatchKind::kRegex, "a.*").matches("a\nb"));
  EXPECT_FALSE(make(MatchKind::kRegex, "a").matches("ab"));
  EXPECT_TRUE(make(MatchKind::kNotRegex, "5..").matches("404"));
  EXPECT_FALSE(make(MatchKind::kNotRegex, "5..").matches("503"));
  EXPECT_TRUE(make(MatchKind::kRegex, "(?i)API").matches("api"));
}

TEST(Matcher, ListsItsLiteralAlternatives) {
  EXPECT_EQ(make(MatchKind::kRegex, "a|b").literal_alternatives(),
            (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(make(MatchKind::kRegex, "a|b.*").literal_alternatives().empty());
  EXPECT_TRUE(make(MatchKind::kRegex, "a|").literal_alternatives().empty());
  EXPECT_TRUE(make(MatchKind::kRegex, "a|").matches(""));
}

TEST(Matcher, RefusesABrokenExpression) {
  const auto matcher = Matcher::make(MatchKind::kRegex, "job", "a(");
  ASSERT_FALSE(matcher);
  EXPECT_NE(matcher.error().message().find("a("), std::string::npos);
}

TEST(Matcher, AMissingLabelIsAnEmptyValue) {
  EXPECT_TRUE(make(MatchKind::kEqual, "").matches(Labels{{"other", "x"}}));
  EXPECT_TRUE(match_all({make(MatchKind::kEqual, "api"), make(MatchKind::kNotEqual, "db")},
                        Labels{{"job", "api"}}));
}

}  // namespace
}  // namespace tocsin::model
