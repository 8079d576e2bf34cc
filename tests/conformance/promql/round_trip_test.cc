#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "conformance/promql/corpus.h"
#include "promql/describe.h"
#include "promql/query.h"
#include "support/ast_text.h"
#include "support/conformance.h"

/// Printing and parsing again is the identity, on every expression of the corpus.
namespace tocsin::promqltest {
namespace {

// The order of matchers means nothing, and printing sorts them.
void sort_matchers(promql::AstValue& value) {
  if (auto* object = std::get_if<promql::AstValue::Object>(&value.value)) {
    for (auto& [name, item] : *object) {
      sort_matchers(item);
      if (name == "matchers") {
        std::ranges::sort(std::get<promql::AstValue::List>(item.value), {}, &testing::to_json);
      }
    }
  } else if (auto* list = std::get_if<promql::AstValue::List>(&value.value)) {
    std::ranges::for_each(*list, &sort_matchers);
  }
}

std::string tree_of(const promql::Query& query) {
  promql::AstValue tree = promql::describe_ast(query.root());
  sort_matchers(tree);
  return testing::to_json(tree);
}

// Numbers the expressions that went round.
std::size_t go_round(const std::vector<std::string>& expressions) {
  const auto options = promql::ParseOptions::all();
  std::size_t count = 0;
  for (const std::string& expression : expressions) {
    const auto query = promql::parse(expression, options);
    EXPECT_TRUE(query) << expression << "\n" << query.error().to_string();
    if (!query) {
      continue;
    }
    const std::string flat = promql::format(query->root());
    const std::string tree = tree_of(*query);
    for (const std::string& printed : {flat, promql::pretty(query->root())}) {
      const auto again = promql::parse(printed, options);
      EXPECT_TRUE(again) << printed << "\n" << again.error().to_string();
      if (!again) {
        continue;
      }
      EXPECT_EQ(promql::format(again->root()), flat);
      EXPECT_EQ(tree_of(*again), tree) << printed;
    }
    ++count;
  }
  return count;
}

TEST(PromqlRoundTrip, OwnScripts) {
  const std::string folder = TOCSIN_SOURCE_DIR "/tests/conformance/promql";
  EXPECT_GT(go_round(script_expressions(folder)), 20U);
}

TEST(PromqlRoundTrip, RuleFiles) {
  const auto folder = testing::conformance_dir();
  if (!folder) {
    GTEST_SKIP() << "no conformance data";
  }
  EXPECT_GT(go_round(rule_expressions(*folder)), 2900U);
}

TEST(PromqlRoundTrip, EvalsOfPrometheus) {
  const auto folder = testing::conformance_dir();
  if (!folder) {
    GTEST_SKIP() << "no conformance data";
  }
  const std::vector<std::string> expressions =
      script_expressions(*folder + "/prometheus/promqltest");
  EXPECT_EQ(expressions.size(), 1328U);
  EXPECT_EQ(go_round(expressions), expressions.size());
}

TEST(PromqlRoundTrip, ComplianceQueries) {
  const auto folder = testing::conformance_dir();
  if (!folder) {
    GTEST_SKIP() << "no conformance data";
  }
  EXPECT_GT(go_round(compliance_queries(*folder)), 100U);
}

}  // namespace
}  // namespace tocsin::promqltest
