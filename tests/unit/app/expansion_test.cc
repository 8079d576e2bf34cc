#include "app/expansion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/backends.h"
#include "app/config.h"
#include "support/fake_environment.h"
#include "support/fake_file_system.h"

namespace tocsin::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct Loaded {
  Config config;
  std::vector<std::string> errors;
};

/// A configuration of these lines and two that every one needs.
Loaded load(const std::string& text, std::map<std::string, std::string> environment) {
  const testing::FakeFileSystem files{
      {"/t.yml", text + "route: {receiver: log}\nreceivers: [{name: log}]\n"}};
  const auto backends = make_backends();
  yaml::Problems problems;
  Loaded loaded{load_config("/t.yml", *backends, files,
                            testing::FakeEnvironment(std::move(environment)), {}, problems),
                {}};
  for (const base::Error& error : problems.errors()) {
    loaded.errors.push_back(error.to_string());
  }
  return loaded;
}

std::string label(const std::string& written, std::map<std::string, std::string> environment) {
  const Loaded loaded =
      load("global:\n  external_labels:\n    x: " + written + "\n", std::move(environment));
  EXPECT_THAT(loaded.errors, IsEmpty());
  return std::string(loaded.config.external_labels.get("x"));
}

TEST(Expansion, TakesVariablesFromTheEnvironment) {
  EXPECT_EQ(label("'${SITE}-${N}'", {{"SITE", "seoul"}, {"N", "1"}}), "seoul-1");
  EXPECT_EQ(label("${SITE}", {{"SITE", "seoul"}}), "seoul");
  EXPECT_EQ(label("|-\n      ${SITE}", {{"SITE", "seoul"}}), "seoul");
  EXPECT_EQ(label("'$1 ${1} $SITE ${SITE'", {{"SITE", "seoul"}}), "$1 ${1} $SITE ${SITE");
}

TEST(Expansion, AValueIsNeverReadAsYaml) {
  for (const char* value : {"s3cret #1", "*x", "[x", "a: b", "%x", "!s3cret", "'", "\"", "{",
                            "line\nline", "- a", ""}) {
    EXPECT_EQ(label("${PW}", {{"PW", value}}), value);
    EXPECT_EQ(label("'${PW}'", {{"PW", value}}), value);
    EXPECT_EQ(label("\"${PW}\"", {{"PW", value}}), value);
  }
  EXPECT_EQ(label("${A}", {{"A", "${B}"}, {"B", "no"}}), "${B}");
}

TEST(Expansion, NumbersAndDurationsMayComeFromIt) {
  const Loaded loaded = load("global: {evaluation_interval: '${E}'}\nstorage: {max_series: ${N}}\n",
                             {{"E", "7s"}, {"N", "5000"}});
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.config.evaluation_interval, std::chrono::seconds(7));
  EXPECT_EQ(loaded.config.max_series, 5000U);
}

TEST(Expansion, TwoDollarsStandForOne) {
  EXPECT_EQ(label("$${SITE}", {}), "${SITE}");
  EXPECT_EQ(label("$$${SITE}", {{"SITE", "x"}}), "$x");
  // As in Prometheus, everywhere in external labels; elsewhere texts with two of them stay.
  EXPECT_EQ(label("a$$b", {}), "a$b");
  const Loaded loaded = load("web: {external_url: 'http://a/$$b'}\n", {});
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.config.web.external_url, "http://a/$$b");
}

TEST(Expansion, CommentsAndKeysAreLeftAlone) {
  const Loaded loaded = load("# ${UNSET}\nglobal: {}  # ${UNSET}\n", {});
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_THAT(load("${UNSET}: 1\n", {}).errors, ElementsAre(HasSubstr("/t.yml:1:1: unknown key")));
}

TEST(Expansion, EveryUnsetVariableHasItsPlace) {
  const Loaded loaded = load(
      "global:\n  external_labels:\n    a: \"x${ONE}\"\n    b: |\n      one\n      ä ${TWO}\n", {});
  EXPECT_THAT(loaded.errors, ElementsAre(HasSubstr("/t.yml:3:10: environment variable ONE"),
                                         HasSubstr("/t.yml:6:9: environment variable TWO")));
}

TEST(Expansion, FaultsAfterAVariableKeepTheirPlace) {
  const Loaded loaded = load("global: {external_labels: {a: '${LONG}'}, surprise: 1}\n",
                             {{"LONG", std::string(100, 'x') + "\n\n"}});
  EXPECT_THAT(loaded.errors, ElementsAre(HasSubstr("/t.yml:1:43: ")));
}

TEST(Expansion, MessagesDoNotPrintValues) {
  for (const char* text :
       {"global: {scrape_interval: '${PW}'}\n", "global: {no_data: '${PW}'}\n",
        "web: {listen: 'a ${PW}'}\n", "storage: {max_series: ${PW}}\n", "rule_files: ${PW}\n",
        "rule_files: ['${PW}']\n", "storage: {memory: '${PW}'}\n", "web: ${PW}\n"}) {
    for (const char* value : {"!s3cret", "s3cret \"x\""}) {
      const Loaded loaded = load(text, {{"PW", value}});
      ASSERT_EQ(loaded.errors.size(), 1U) << text;
      EXPECT_THAT(loaded.errors[0], Not(HasSubstr("s3cret"))) << text;
      EXPECT_THAT(loaded.errors[0], HasSubstr("${PW}")) << text;
    }
  }
}

}  // namespace
}  // namespace tocsin::app
