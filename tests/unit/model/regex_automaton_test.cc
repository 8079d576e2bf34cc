#include "model/regex_automaton.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <random>
#include <string>
#include <vector>

namespace tocsin::model {
namespace {

bool re2_matches(const std::string& pattern, const std::string& text) {
  re2::RE2::Options options;
  options.set_dot_nl(true);
  options.set_log_errors(false);
  const re2::RE2 re2(pattern, options);
  EXPECT_TRUE(re2.ok()) << pattern;
  return re2::RE2::FullMatch(text, re2);
}

// What the automaton says has to be what RE2 says.
void compare(const std::string& pattern, const std::vector<std::string>& texts) {
  const auto automaton = RegexAutomaton::make(pattern);
  ASSERT_TRUE(automaton) << pattern;
  for (const std::string& text : texts) {
    const auto answer = automaton->matches(text);
    if (answer) {
      EXPECT_EQ(*answer, re2_matches(pattern, text)) << pattern << " on " << text;
    }
  }
}

TEST(RegexAutomaton, SaysWhatRe2Says) {
  const std::vector<std::string> texts = {"",
                                          "a",
                                          "b",
                                          "ab",
                                          "aab",
                                          "abab",
                                          "api",
                                          "api-1",
                                          "api-12",
                                          "API-1",
                                          "/api/v1",
                                          "/api/v3/item37",
                                          "/api/v2/item37",
                                          "404",
                                          "500",
                                          "503",
                                          "5030",
                                          "a\nb",
                                          "\n",
                                          "a.b",
                                          "axb",
                                          "a-b",
                                          "]",
                                          "^",
                                          "-",
                                          "_",
                                          "x{2}",
                                          "xx",
                                          "xxx",
                                          "xxxx",
                                          "xxxxx",
                                          " ",
                                          "a b",
                                          "\t",
                                          "host:9100",
                                          "K",
                                          "k",
                                          "s",
                                          "|",
                                          "$",
                                          "a$",
                                          "aaaaaaaaaaaaaaaaaaaaab"};
  for (const char* pattern : {"",
                              "a",
                              "ab",
                              "a|b",
                              "a|",
                              "|a",
                              "(a|b)*",
                              "(?:a|b)+b",
                              "a.b",
                              ".*",
                              ".+",
                              ".",
                              "..",
                              "api.*",
                              ".*1",
                              ".*p.*",
                              "api-[0-9]+",
                              "api-\\d{1,2}",
                              "/api/v[13]/item.*7",
                              "5..",
                              "5\\d\\d",
                              "[45]0[0-9]",
                              "[^a]",
                              "[^a-z]*",
                              "[]]",
                              "[^]]",
                              "[-a]",
                              "[a-]",
                              "[\\]^]",
                              "\\w+",
                              "\\W+",
                              "\\s",
                              "\\S+",
                              "\\D*",
                              "a\\.b",
                              "a\\-b",
                              "x{2}",
                              "x{2,}",
                              "x{2,4}",
                              "x{0,2}",
                              "(ab){2}",
                              "(ab)*?",
                              "a??b",
                              "(a*)*",
                              "(a*)+b?",
                              "(|a)b",
                              "(?i)api-1",
                              "(?i)[k-s]",
                              "(?i)[^k]",
                              "^a$",
                              "^a|b$",
                              "^(a|ab)$",
                              "a|^b",
                              ".+:9100",
                              "(a|b|ab)(b|)",
                              "((a)(b))*",
                              ".*a.*b",
                              "[\\w-]+",
                              "\\$|a\\$",
                              "a\\|b|\\|",
                              "\\n"}) {
    compare(pattern, texts);
  }
}

TEST(RegexAutomaton, LeavesToRe2WhatItDoesNotKnow) {
  for (const char* pattern :
       {"\\bapi", "(?P<a>b)", "(?s)a", "a(?i)b",  "\\pL+",  "[[:alpha:]]", "\\x41", "\\Qa\\E",
        "é",      "[à-é]",    "a^b",   "a$b",     "(^a)",   "\\Aa",        "a\\z",  "x{,2}",
        "{",      "x{0}",     "\\101", "[a-\\.]", "x{100}", "\\C"}) {
    EXPECT_FALSE(RegexAutomaton::make(pattern)) << pattern;
  }
  // More states than it wants to keep, and more places, and too deep.
  EXPECT_FALSE(RegexAutomaton::make("[ab]*a[ab]{12}"));
  EXPECT_FALSE(RegexAutomaton::make(std::string(65, 'a')));
  EXPECT_FALSE(RegexAutomaton::make(std::string(100, '(') + "a" + std::string(100, ')')));
}

TEST(RegexAutomaton, SaysNothingOfOtherCharactersThanAscii) {
  EXPECT_EQ(RegexAutomaton::make("a.c")->matches("a\xc3\xa9"
                                                 "c"),
            std::nullopt);
  EXPECT_EQ(RegexAutomaton::make("(?i)k")->matches("\xe2\x84\xaa"), std::nullopt);
  // What came before has decided.
  EXPECT_EQ(RegexAutomaton::make("b.c")->matches("a\xc3\xa9"
                                                 "c"),
            std::optional(false));
}

TEST(RegexAutomaton, ListsItsTexts) {
  using List = std::vector<std::string>;
  const auto texts = [](const char* pattern) { return RegexAutomaton::make(pattern)->texts(8); };
  EXPECT_EQ(texts("(api|web)"), (List{"api", "web"}));
  EXPECT_EQ(texts("v[13]|x"), (List{"x", "v1", "v3"}));
  EXPECT_EQ(texts("ab?c"), (List{"ac", "abc"}));
  EXPECT_EQ(texts("^api$"), (List{"api"}));
  EXPECT_EQ(texts("a\\.b"), (List{"a.b"}));
  EXPECT_EQ(texts("(?i)a"), List{});  // other cases may lie beyond ASCII
  EXPECT_EQ(texts("a."), List{});
  EXPECT_EQ(texts("[^a]"), List{});
  EXPECT_EQ(texts("a|"), List{});     // an empty label is no label
  EXPECT_EQ(texts("[0-9]"), List{});  // more than eight
  EXPECT_EQ(texts("a+"), List{});
}

// Expressions made by chance, on texts made by chance.
class Chance {
 public:
  explicit Chance(unsigned seed) : random_(seed) {}

  int below(int limit) { return std::uniform_int_distribution<>(0, limit - 1)(random_); }

  std::string pattern(int depth) {
    std::string text;
    for (int parts = below(3) + 1; parts > 0; --parts) {
      text += item(depth);
      constexpr const char* kRepeats[] = {"", "", "", "*", "+", "?", "{2}", "{1,3}", "{2,}", "*?"};
      text += kRepeats[below(std::size(kRepeats))];
    }
    return below(4) == 0 ? text + "|" + item(depth) : text;
  }
  std::string text() {
    std::string text;
    for (int size = below(9); size > 0; --size) {
      text += "abcA1.-\n"[below(8)];
    }
    return text;
  }

 private:
  std::string item(int depth) {
    constexpr const char* kItems[] = {"a",   "b",   "c",   ".", "[ab]",   "[^a]", "[a-c1]",
                                      "\\d", "\\w", "\\.", "-", "[^\\d]", "\\n",  "A"};
    if (depth > 0 && below(3) == 0) {
      return (below(2) == 0 ? "(" : "(?:") + pattern(depth - 1) + ")";
    }
    return kItems[below(std::size(kItems))];
  }

  std::mt19937 random_;
};

TEST(RegexAutomaton, AgreesWithRe2OnWhateverComes) {
  Chance chance(20231122);
  int known = 0;
  for (int i = 0; i < 3000; ++i) {
    const std::string pattern = (chance.below(5) == 0 ? "(?i)" : "") + chance.pattern(3);
    if (!RegexAutomaton::make(pattern)) {
      continue;
    }
    ++known;
    std::vector<std::string> texts(20);
    for (std::string& text : texts) {
      text = chance.text();
    }
    compare(pattern, texts);
    for (const std::string& text : RegexAutomaton::make(pattern)->texts(16)) {
      EXPECT_TRUE(re2_matches(pattern, text)) << pattern << " lists " << text;
    }
  }
  EXPECT_GT(known, 2000);
}

}  // namespace
}  // namespace tocsin::model
