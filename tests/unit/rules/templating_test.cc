#include "rules/templating.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tocsin::rules {
namespace {

using ::testing::HasSubstr;

TEST(RuleTemplate, ReportsFaultsAtTheirPlaceInTheText) {
  const auto broken = RuleTemplate::parse("A", "all is\nwell {{ nonsense }}");
  ASSERT_FALSE(broken.has_value());
  ASSERT_TRUE(broken.error().position().has_value());
  EXPECT_EQ(broken.error().position()->line, 2);
  const auto first_line = RuleTemplate::parse("A", "well {{ nonsense }}");
  ASSERT_FALSE(first_line.has_value());
  ASSERT_TRUE(first_line.error().position().has_value());
  EXPECT_EQ(first_line.error().position()->line, 1);
  EXPECT_LE(first_line.error().position()->column, 19);
}

TEST(RuleTemplate, KnowsEveryFunctionThatPrometheusHas) {
  for (const char* call : {"query \"up\"",
                           "first (query \"up\")",
                           "label \"a\" (first (query \"up\"))",
                           "value (first (query \"up\"))",
                           "strvalue (first (query \"up\"))",
                           "args 1 2",
                           "reReplaceAll \"a\" \"b\" \"c\"",
                           "safeHtml \"a\"",
                           "match \"a\" \"b\"",
                           "title \"a\"",
                           "toUpper \"a\"",
                           "toLower \"a\"",
                           "graphLink \"up\"",
                           "tableLink \"up\"",
                           "sortByLabel \"a\" (query \"up\")",
                           "stripPort \"a:1\"",
                           "stripDomain \"a.b\"",
                           "humanize 1.0",
                           "humanize1024 1.0",
                           "humanizeDuration 1.0",
                           "humanizePercentage 1.0",
                           "humanizeTimestamp 1.0",
                           "toTime 1.0",
                           "pathPrefix",
                           "externalURL",
                           "parseDuration \"1h\"",
                           "printf \"%v\" 1",
                           "toDuration 1.0",
                           "now",
                           "urlQueryEscape \"a b\""}) {
    const auto parsed = RuleTemplate::parse("A", std::string("{{ ") + call + " }}");
    EXPECT_TRUE(parsed.has_value()) << call << ": " << parsed.error().to_string();
  }
}

TEST(RuleTemplate, AFailingQueryIsTold) {
  EngineOptions options;
  TemplateContext context(options, nullptr);
  const auto text = RuleTemplate::parse("A", "{{ query \"up\" }}");
  ASSERT_TRUE(text.has_value());
  std::optional<std::string> error;
  const std::string out = text->expand(templates::Value(), context, error);
  EXPECT_THAT(out, HasSubstr("<error expanding template: "));
  ASSERT_TRUE(error.has_value());
  EXPECT_THAT(*error, HasSubstr("query"));
}

}  // namespace
}  // namespace tocsin::rules
