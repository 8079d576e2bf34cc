#include "yaml/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tocsin::yaml {
namespace {

using ::testing::HasSubstr;

Document load(std::string text) {
  auto document = Document::parse(std::move(text), "a.yml");
  EXPECT_TRUE(document) << document.error().to_string();
  return document ? *document : *Document::parse("", "a.yml");
}

std::string error_of(std::string text, const Limits& limits = {}) {
  const auto document = Document::parse(std::move(text), "a.yml", limits);
  return document ? "" : document.error().to_string();
}

/// Keys and values of a mapping of texts, in order.
std::string flat(const Node& node) {
  std::string result;
  for (const auto& [key, value] : node.entries()) {
    result += key.text() + "=" + value.text() + " ";
  }
  return result;
}

TEST(Document, KeepsKindsTextsAndPositions) {
  const Document document = load("a: 1\nb:\n  - 'x'\n  - é: {k: ~}\nc:\nd: last\n");
  const Node& root = document.root();
  EXPECT_EQ(document.file(), "a.yml");
  ASSERT_EQ(root.kind(), NodeKind::kMapping);
  EXPECT_EQ(root.find("a")->text(), "1");
  EXPECT_FALSE(root.find("a")->quoted());
  EXPECT_EQ(root.find("a")->position().to_string(), "a.yml:1:4");
  const auto& items = root.find("b")->items();
  ASSERT_EQ(items.size(), 2U);
  EXPECT_TRUE(items[0].quoted());
  EXPECT_EQ(items[0].position().to_string(), "a.yml:3:5");
  const Node& inner = *items[1].find("é");
  EXPECT_EQ(inner.position().to_string(), "a.yml:4:8");
  EXPECT_TRUE(inner.find("k")->is_null());
  EXPECT_EQ(inner.find("k")->position().to_string(), "a.yml:4:12");
  EXPECT_TRUE(root.find("c")->is_null());
  EXPECT_EQ(root.find("c")->position().line, 5);
  EXPECT_EQ(root.find("nothing"), nullptr);
}

TEST(Document, WithoutContentHasNullRoot) {
  for (const char* text :
       {"", "\n\n", "# only a comment\n", "---\n", "null", "~", "\xEF\xBB\xBF"}) {
    EXPECT_TRUE(load(text).root().is_null()) << text;
  }
  EXPECT_EQ(load("{}").root().kind(), NodeKind::kMapping);
  EXPECT_TRUE(load("{}").root().entries().empty());
}

TEST(Document, ReadsTheFirstDocumentOnly) {
  EXPECT_EQ(flat(load("a: 1\n---\na: 2\n").root()), "a=1 ");
  EXPECT_EQ(flat(load("---\na: 1\n...\nb: 2\n").root()), "a=1 ");
  EXPECT_EQ(flat(load("a: 1\n---\n} broken\n").root()), "a=1 ");
}

TEST(Document, AppliesMergeKeys) {
  EXPECT_EQ(flat(load("x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3, c: 4}\n").root().entries()[1].second),
            "b=3 c=4 a=1 ");
  EXPECT_EQ(
      flat(load("- &x {a: 1}\n- &y {a: 2, b: 2}\n- {<<: [*x, *y, {c: 3}]}\n").root().items()[2]),
      "a=1 b=2 c=3 ");
  EXPECT_EQ(flat(load("'<<': 1\n").root()), "<<=1 ");
  EXPECT_THAT(error_of("a: {<<: 5}"), HasSubstr("a.yml:1:9: the merge key"));
  EXPECT_THAT(error_of("a: {<<: [5]}"), HasSubstr("the merge key"));
}

TEST(Document, RefusesEqualKeysWithBothPlaces) {
  EXPECT_EQ(error_of("a: 1\nb: 2\na: 3\n"),
            "a.yml:3:1: the key \"a\" is already defined at line 1, column 1");
  EXPECT_THAT(error_of("? [1]\n: 2\n"), HasSubstr("a key of a mapping must be a text"));
}

TEST(Document, SharesAliasesAndLimitsTheirExpansion) {
  EXPECT_EQ(load("a: &x v\nb: *x\n").root().find("b")->text(), "v");
  EXPECT_EQ(load("a: &x [1, 2]\nb: *x\n").root().find("b")->items().size(), 2U);
  EXPECT_NE(error_of("a: *x\n"), "");
  EXPECT_THAT(error_of("a: &x [*x]\n"), HasSubstr("a node that it is part of"));
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 0; j < 8; ++j) {
      bomb += ", " + before;
    }
    bomb += "]\n";
  }
  EXPECT_THAT(error_of(bomb), HasSubstr("more than 2000000 nodes"));
}

TEST(Document, KeepsItsLimits) {
  EXPECT_THAT(error_of("a: 1", {.max_bytes = 3}), HasSubstr("larger than 3 bytes"));
  EXPECT_THAT(error_of("[[[1]]]", {.max_depth = 2}), HasSubstr("nested deeper than 2 levels"));
  EXPECT_THAT(error_of("a: &x [[1]]\nb: [*x]\n", {.max_depth = 3}),
              HasSubstr("a.yml:2:5: nested deeper"));
  EXPECT_THAT(error_of("[1, 2, 3]", {.max_nodes = 3}), HasSubstr("more than 3 nodes"));
  EXPECT_THAT(error_of(std::string(5000, '[')), HasSubstr("nested deeper"));
}

TEST(Document, RefusesBrokenTextWithItsPlace) {
  const std::pair<const char*, const char*> cases[] = {
      {"a: b: c\n", "a.yml:1:5: a mapping cannot begin here"},
      {"a: [1, 2\nb: 3\n", "a.yml:1:4: the [ is not closed"},
      {"a: 1\nb: {c: 2", "a.yml:2:4: the { is not closed"},
      {"a: 1\nb: [c", "a.yml:2:4: the [ is not closed"},
      {"a: 'b' c\n", "a.yml:1:8: expected a key here"},
      {"a: 'x\n", "a.yml:1:4: the quote is not closed"},
      {"a: \"x\\\"\n", "the quote is not closed"},
      {"a: 'it''s\n", "a.yml"},
      {"a:\n\t- b\n\tc: d\n", "a.yml:"},
      {"- a\n- b\nc: d\n", "a.yml:3:1: "},
      {"a: 1\n}\n", "a.yml:2:1: "},
      {"a: @b\n", "a.yml:1:4: "},
      {"a: !thing 5\n", "a.yml:1:4: unknown tag \"!thing\""},
      {"a: !!binary aGk=\n", "unknown tag"},
      {"a: 1\nb: \x04\n", "a.yml:2:4: control characters"},
      {"a: \xFF\n", "not valid UTF-8"},
      {"a: \"\\q\"\n", "a.yml:1:"},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_THAT(error_of(text), HasSubstr(expected)) << text;
  }
}

TEST(Document, TakesCoreTags) {
  const Document document = load("a: !!str 5\nb: !!int 5\nc: !!map {}\nd: !!seq []\ne: ! x\n");
  EXPECT_TRUE(document.root().find("a")->quoted());
  EXPECT_FALSE(document.root().find("b")->quoted());
}

struct PlaceCase {
  const char* text;
  int line;
  int column;
  const char* expected;
};

TEST(Node, MapsPlacesInsideTextsBackToTheFile) {
  const PlaceCase cases[] = {
      {"e: abc\n", 1, 2, "a.yml:1:5"},
      {"e: |\n  one\n  two\n", 2, 2, "a.yml:3:4"},
      {"e: |-\n\n  one\n", 2, 1, "a.yml:3:3"},
      {"e: |2\n    x\n", 1, 3, "a.yml:2:5"},
      {"l:\n  - e: |\n      äöx y\n", 1, 1, "a.yml:3:7"},
      {"e: >\n  sum(x)\n  by(a)\n", 1, 8, "a.yml:3:3"},
      {"e: >-\n  a\n\n  b\n", 2, 1, "a.yml:4:3"},
      {"e: 'it''s x'\n", 1, 6, "a.yml:1:11"},
      {"e: \"a\\n\\\"b\\\" x\"\n", 2, 5, "a.yml:1:14"},
      {"e: \"a\\x41 b\"\n", 1, 4, "a.yml:1:11"},
      {"e: sum(x)\n   by (y)\n", 1, 8, "a.yml:2:4"},
      {"e: &a !!str 'x y'\n", 1, 3, "a.yml:1:16"},
      {"e: ab\n", 1, 3, "a.yml:1:6"},
      {"e: 'ab'\n", 1, 3, "a.yml:1:7"},
      {"e: |\n  ab\n", 9, 1, "a.yml:3:1"},
  };
  for (const PlaceCase& c : cases) {
    const Document document = load(c.text);
    const Node& root = document.root();
    const Node* node =
        root.find("e") != nullptr ? root.find("e") : root.find("l")->items()[0].find("e");
    EXPECT_EQ(node->position_in(c.line, c.column).to_string(), c.expected) << c.text;
  }
  EXPECT_EQ(load("e: {a: 1}").root().find("e")->position_in(1, 1).to_string(), "a.yml:1:4");
  EXPECT_EQ(load("e: |\n  x").root().find("e")->content_line_offset(), 1);
  EXPECT_EQ(load("e: x").root().find("e")->content_line_offset(), 0);
}

TEST(Document, PutsTextsIntoValuesAndKeepsWhatIsWritten) {
  const auto document =
      Document::parse("X: [X, 'X', &a X]\nb: {X: *a, c: ~}\n", "f.yml", {},
                      [](const Node& scalar) { return scalar.text() == "X" ? "it's: #new" : "?"; });
  ASSERT_TRUE(document) << document.error().to_string();
  const Node* list = document->root().find("X");
  ASSERT_NE(list, nullptr);
  for (const Node& item : list->items()) {
    EXPECT_EQ(item.text(), "it's: #new");
    EXPECT_EQ(item.written(), "X");
  }
  EXPECT_EQ(list->items()[1].position().column, 8);
  EXPECT_EQ(list->items()[1].position_in(1, 4).column, 8);
  const Node* mapping = document->root().find("b");
  ASSERT_NE(mapping, nullptr);
  EXPECT_EQ(mapping->find("X")->text(), "it's: #new");
  EXPECT_TRUE(mapping->find("c")->is_null());
  EXPECT_EQ(describe(list->items()[0]), "\"X\"");
}

TEST(Document, VariablesMayStandUnquotedInFlowCollections) {
  const auto document =
      Document::parse("{${K}: ${A}, list: [${A}-${A}, '${A}', ä${A}], $${A}: 1}", "f.yml", {},
                      [](const Node& scalar) { return scalar.text(); });
  ASSERT_TRUE(document) << document.error().to_string();
  const Node& root = document->root();
  EXPECT_EQ(root.entries()[0].first.text(), "${K}");
  EXPECT_EQ(root.entries()[0].second.text(), "${A}");
  EXPECT_EQ(root.entries()[1].second.items()[0].text(), "${A}-${A}");
  EXPECT_EQ(root.entries()[1].second.items()[1].position().column, 32);
  EXPECT_EQ(root.entries()[1].second.items()[2].position_in(1, 2).column, 41);
  EXPECT_EQ(root.entries()[2].first.text(), "$${A}");
  EXPECT_FALSE(Document::parse("{a: ${A}}", "f.yml"));
}

}  // namespace
}  // namespace tocsin::yaml
