#include <gtest/gtest.h>

#include "base/text.h"
#include "support/conformance.h"
#include "templates/rule_data.h"
#include "yaml/document.h"

namespace tocsin::templates {
namespace {

/// Prometheus' functions with stand-ins for those that need a server.
FunctionMap rule_functions() {
  FunctionMap functions = prometheus_functions();
  for (const char* name : {"query", "externalURL", "pathPrefix", "now"}) {
    functions[name] = [](const std::vector<Value>&) -> base::Result<Value> {
      return Value(List{});
    };
  }
  return functions;
}

void parse_texts(const yaml::Node* texts, const std::string& file, int& count) {
  if (texts == nullptr) {
    return;
  }
  static const FunctionMap kFunctions = rule_functions();
  for (const auto& [name, value] : texts->entries()) {
    const auto parsed = parse_rule_text("", value.text(), kFunctions);
    EXPECT_TRUE(parsed) << file << ": " << value.text() << "\n" << parsed.error().to_string();
    ++count;
  }
}

TEST(Conformance, ParsesEveryTemplateOfAcceptedRuleFiles) {
  const auto folder = testing::conformance_dir();
  if (!folder) {
    GTEST_SKIP() << "no conformance data";
  }
  int count = 0;
  const std::string verdicts = testing::read_file(*folder + "/verdicts.tsv");
  for (const std::string_view line : base::split(verdicts, '\n')) {
    const auto columns = base::split(line, '\t');
    if (columns.size() < 3 || columns[1] != "rules" || columns[2] != "accepted") {
      continue;
    }
    const std::string file(columns[0]);
    const auto document = yaml::Document::parse(testing::read_file(*folder + "/" + file), file);
    const yaml::Node* groups = document ? document->root().find("groups") : nullptr;
    for (const yaml::Node& group : groups ? groups->items() : std::vector<yaml::Node>()) {
      const yaml::Node* rules = group.find("rules");
      for (const yaml::Node& rule : rules ? rules->items() : std::vector<yaml::Node>()) {
        if (rule.find("alert") != nullptr) {
          parse_texts(rule.find("labels"), file, count);
          parse_texts(rule.find("annotations"), file, count);
        }
      }
    }
  }
  EXPECT_GT(count, 3000);
}

}  // namespace
}  // namespace tocsin::templates
