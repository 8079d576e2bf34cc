#include "model/matcher_text.h"

#include <gtest/gtest.h>

namespace tocsin::model {
namespace {

std::string read(std::string_view text) {
  const auto matchers = parse_matchers(text);
  if (!matchers) {
    return matchers.error().message();
  }
  std::string out;
  for (const Matcher& matcher : *matchers) {
    out += (out.empty() ? "" : " ") + matcher.to_string();
  }
  return out;
}

TEST(MatcherText, ReadsWhatAlertmanagerWrites) {
  EXPECT_EQ(read(R"(severity=~"critical|page")"), R"(severity=~"critical|page")");
  EXPECT_EQ(read(R"({a="b", c!=d ,e!~"f.*",})"), R"(a="b" c!="d" e!~"f.*")");
  EXPECT_EQ(read("a = b"), R"(a="b")");
  EXPECT_EQ(read("a="), R"(a="")");
  EXPECT_EQ(read(R"("odd name"="x")"),
            Matcher::make(MatchKind::kEqual, "odd name", "x")->to_string());
  EXPECT_EQ(read(R"(a=~"\d+\"")"), Matcher::make(MatchKind::kRegex, "a", "\\d+\"")->to_string());
  EXPECT_EQ(read("a=\"x\\ny\\\\\""), Matcher::make(MatchKind::kEqual, "a", "x\ny\\")->to_string());
}

TEST(MatcherText, SaysWhatWasExpected) {
  for (const auto& [text, expected] : std::initializer_list<std::pair<const char*, const char*>>{
           {"", "expected a matcher"},
           {"{}", "expected a matcher"},
           {"a", "expected one of"},
           {"9=x", "expected a label name"},
           {"a=\"b", "closing quote"},
           {"a=\"b\\", "closing quote"},
           {"\"a", "closing quote"},
           {"{a=b", "closing brace"},
           {"{a=b} c", "expected the end"},
           {"a=b}", "expected a comma"},
           {"a=b c=d", "expected a comma"},
           {"{a=b c=d}", "expected a comma"},
           {"a=~\"(\"", "regular expression"}}) {
    EXPECT_NE(read(text).find(expected), std::string::npos) << text << ": " << read(text);
  }
}

}  // namespace
}  // namespace tocsin::model
