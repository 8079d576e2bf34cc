#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "yaml/document.h"

namespace tocsin::yaml {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

/// A text being decoded, with what was wrong with it.
class Decode {
 public:
  explicit Decode(std::string text)
      : document_(*Document::parse(std::move(text), "")),
        reader_(document_.root(), "thing", problems_) {}
  MappingReader* operator->() { return &reader_; }
  std::vector<std::string> errors() const { return texts(problems_.errors()); }
  std::vector<std::string> warnings() const { return texts(problems_.warnings()); }
  const Problems& problems() const { return problems_; }

 private:
  static std::vector<std::string> texts(const std::vector<base::Error>& errors) {
    std::vector<std::string> result;
    for (const base::Error& error : errors) {
      result.push_back(error.message());
    }
    return result;
  }
  Document document_;
  Problems problems_;
  MappingReader reader_;
};

TEST(MappingReader, TakesAnyScalarAsText) {
  Decode decode("a: 5\nb: true\nc: 1.50\nd: ''\ne:\nf: [x]\n");
  EXPECT_EQ(decode->text("a"), "5");
  EXPECT_EQ(decode->text("b"), "true");
  EXPECT_EQ(decode->text("c"), "1.50");
  EXPECT_EQ(decode->text("d"), "");
  EXPECT_EQ(decode->text("e"), std::nullopt);
  EXPECT_EQ(decode->text("absent"), std::nullopt);
  EXPECT_THAT(decode.errors(), IsEmpty());
  EXPECT_EQ(decode->text("f"), std::nullopt);
  EXPECT_THAT(decode.errors(), ElementsAre("f: expected a text, found a list"));
}

TEST(MappingReader, ReadsBooleansOfYaml11) {
  Decode decode("a: yes\nb: Off\nc: TRUE\nd: 'true'\ne: tRue\nf: 1\ng: n\n");
  EXPECT_EQ(decode->boolean("a"), true);
  EXPECT_EQ(decode->boolean("b"), false);
  EXPECT_EQ(decode->boolean("c"), true);
  EXPECT_EQ(decode->boolean("g"), false);
  EXPECT_EQ(decode->boolean("d"), std::nullopt);
  EXPECT_EQ(decode->boolean("e"), std::nullopt);
  EXPECT_EQ(decode->boolean("f"), std::nullopt);
  EXPECT_THAT(decode.errors(),
              ElementsAre("d: expected true or false, found the quoted text \"true\"",
                          "e: expected true or false, found \"tRue\"",
                          "f: expected true or false, found \"1\""));
}

TEST(MappingReader, ReadsNumbers) {
  Decode decode(
      "a: 1_000\nb: -0x10\nc: 99\nd: 1.5\ne: .inf\nf: x\ng: \"5\"\nh: 99999999999999999999");
  EXPECT_EQ(decode->integer("a", 0, 5000), 1000);
  EXPECT_EQ(decode->integer("b", -100, 0), -16);
  EXPECT_EQ(decode->integer("c", 0, 10), std::nullopt);
  EXPECT_EQ(decode->integer("d", 0, 10), std::nullopt);
  EXPECT_EQ(decode->number("d"), 1.5);
  EXPECT_EQ(decode->number("e"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(decode->number("f"), std::nullopt);
  EXPECT_EQ(decode->number("g"), std::nullopt);
  EXPECT_EQ(decode->integer("h", 0, 10), std::nullopt);
  EXPECT_THAT(
      decode.errors(),
      ElementsAre("c: 99 is out of range, expected a whole number between 0 and 10",
                  "d: expected a whole number, found \"1.5\"", "f: expected a number, found \"x\"",
                  "g: expected a number, found the quoted text \"5\"",
                  "h: expected a whole number, found \"99999999999999999999\""));
}

TEST(MappingReader, ReadsDurationsAndSizes) {
  Decode decode("a: 1h30m\nb: 5x\nc: 0\nd: 512B\ne: 10MB\nf: 1KiB\ng: 10\nh: 5XB\ni: {}\n");
  EXPECT_EQ(decode->duration("a"), std::chrono::minutes(90));
  EXPECT_EQ(decode->duration("b"), std::nullopt);
  EXPECT_EQ(decode->duration("c"), std::chrono::seconds(0));
  EXPECT_EQ(decode->duration("i"), std::nullopt);
  EXPECT_EQ(decode->size("c"), 0U);
  EXPECT_EQ(decode->size("d"), 512U);
  EXPECT_EQ(decode->size("e"), 10U << 20);
  EXPECT_EQ(decode->size("f"), 1024U);
  EXPECT_EQ(decode->size("g"), std::nullopt);
  EXPECT_EQ(decode->size("h"), std::nullopt);
  EXPECT_THAT(decode.errors(),
              ElementsAre("b: not a valid duration \"5x\", expected such as 30s or 1h30m",
                          "i: expected a duration such as 30s or 1h30m, found a mapping",
                          "g: not a valid size \"10\", expected such as 512KB or 10MB",
                          "h: not a valid size \"5XB\", expected such as 512KB or 10MB"));
}

TEST(MappingReader, ReadsListsAndMaps) {
  Decode decode("a: [x, 5, ~]\nb: {k: v, n: 5}\nc: x\nd: [[1]]\ne: {k: [1]}\nf: [{a: 1}, 2]\ng:\n");
  EXPECT_THAT(decode->texts("a"), ElementsAre("x", "5", ""));
  EXPECT_THAT(decode->text_map("b"), ElementsAre(Pair("k", "v"), Pair("n", "5")));
  EXPECT_THAT(decode->texts("g"), IsEmpty());
  EXPECT_THAT(decode->text_map("g"), IsEmpty());
  EXPECT_THAT(decode.errors(), IsEmpty());
  EXPECT_THAT(decode->texts("c"), IsEmpty());
  EXPECT_THAT(decode->text_map("c"), IsEmpty());
  EXPECT_THAT(decode->texts("d"), IsEmpty());
  EXPECT_THAT(decode->text_map("e"), IsEmpty());
  EXPECT_EQ(decode->mappings("f").size(), 1U);
  EXPECT_THAT(decode.errors(), ElementsAre("c: expected a list, found \"x\"",
                                           "c: expected a mapping of texts, found \"x\"",
                                           "d: expected a list of texts, found a list in it",
                                           "e: expected a text for \"k\", found a list",
                                           "f: expected a list of mappings, found \"2\" in it"));
}

TEST(MappingReader, ReportsMissingUnknownAndUnsupportedKeysAtOnce) {
  Decode decode("intervall: 5s\nparams: 1\ndebug: 1\nname: ''\nmode: c\nzzzzzz: 1\n");
  EXPECT_EQ(decode->duration("interval"), std::nullopt);
  EXPECT_EQ(decode->required_text("expr"), std::nullopt);
  EXPECT_EQ(decode->required_text("name"), std::nullopt);
  EXPECT_EQ(decode->choice("mode", {"a", "b"}), std::nullopt);
  decode->unsupported({"params", "headers"});
  decode->ignored({"debug"});
  decode->problem("mode", "is odd");
  decode->warning("mode", "is old");
  decode->finish();
  EXPECT_THAT(decode.errors(),
              ElementsAre("thing: \"expr\" is missing", "name: must not be empty",
                          "mode: expected \"a\" or \"b\", found \"c\"",
                          "params: not supported yet in thing", "mode: is odd",
                          "unknown key \"intervall\" in thing, did you mean \"interval\"?",
                          "unknown key \"zzzzzz\" in thing"));
  EXPECT_THAT(decode.warnings(),
              ElementsAre("debug: has no effect here and is ignored", "mode: is old"));
  EXPECT_EQ(decode.problems().errors()[3].code(), base::ErrorCode::kUnsupported);
  EXPECT_EQ(decode.problems().errors()[5].position()->line, 1);
  EXPECT_FALSE(decode.problems().ok());
}

TEST(MappingReader, TakesNullForAnEmptyMappingAndRefusesOthers) {
  Decode empty("");
  EXPECT_EQ(empty->text("a"), std::nullopt);
  empty->finish();
  EXPECT_THAT(empty.errors(), IsEmpty());
  Decode list("[1]");
  EXPECT_EQ(list->required_text("a"), std::nullopt);
  list->finish();
  EXPECT_THAT(list.errors(), ElementsAre("thing: expected a mapping, found a list"));
}

TEST(MappingReader, HidesSecrets) {
  Decode decode("a: hush\n");
  EXPECT_EQ(decode->secret("a")->reveal(), "hush");
  EXPECT_EQ(decode->secret("b"), std::nullopt);
}

}  // namespace
}  // namespace tocsin::yaml
