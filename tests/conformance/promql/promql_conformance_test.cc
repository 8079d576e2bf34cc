#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/text.h"
#include "conformance/promql/runner.h"
#include "promql/query.h"
#include "support/conformance.h"

namespace tocsin::promqltest {
namespace {

std::vector<std::string> scripts_in(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".test") {
      files.push_back(entry.path().string());
    }
  }
  std::ranges::sort(files);
  return files;
}

// Runs scripts; gives the number of evals that passed and "file:line" of those that did not.
struct Outcome {
  int passed = 0;
  std::set<std::string> failed;
};

Outcome run(const std::vector<std::string>& files, const std::string& phase) {
  Outcome outcome;
  for (const std::string& file : files) {
    const auto wanted = phase.empty() ? std::function<bool(int)>([](int) { return true; })
                                      : evals_of_phase(file, phase);
    const std::string name = std::filesystem::path(file).filename().string();
    const auto summary = run_script(name, testing::read_file(file), wanted);
    EXPECT_TRUE(summary) << summary.error().to_string();
    if (!summary) {
      continue;
    }
    outcome.passed += summary->passed;
    for (const Failure& failure : summary->failures) {
      outcome.failed.insert(failure.file + ":" + std::to_string(failure.line));
      if (phase.empty()) {
        ADD_FAILURE() << failure.file << ":" << failure.line << ": " << failure.what;
      }
    }
  }
  return outcome;
}

// Lines "file:line reason" of the evals that cannot pass yet.
std::set<std::string> known_gaps() {
  std::set<std::string> gaps;
  const std::string text =
      testing::read_file(TOCSIN_SOURCE_DIR "/tests/conformance/promql/known_gaps.txt");
  for (const std::string_view line : base::split(text, '\n')) {
    const std::string_view place = line.substr(0, line.find(' '));
    if (!place.empty() && !place.starts_with('#')) {
      gaps.emplace(place);
    }
  }
  return gaps;
}

TEST(PromqlScripts, OwnScriptsPass) {
  const Outcome outcome = run(scripts_in(TOCSIN_SOURCE_DIR "/tests/conformance/promql"), "");
  EXPECT_GT(outcome.passed, 20);
  EXPECT_TRUE(outcome.failed.empty());
}

TEST(PromqlScripts, CoreEvalsOfPrometheusPass) {
  const auto folder = testing::conformance_dir();
  if (!folder) {
    GTEST_SKIP() << "no conformance data";
  }
  const Outcome outcome = run(scripts_in(*folder + "/prometheus/promqltest"), "core");
  EXPECT_EQ(outcome.passed + outcome.failed.size(), 517U);
  EXPECT_EQ(outcome.failed, known_gaps());
}

// Collects the expressions of a Prometheus rule file.
void collect(const YAML::Node& document, std::vector<std::string>& expressions) {
  if (!document.IsMap() || !document["groups"] || !document["groups"].IsSequence()) {
    return;
  }
  for (const YAML::Node& group : document["groups"]) {
    if (!group.IsMap() || !group["rules"] || !group["rules"].IsSequence()) {
      continue;
    }
    for (const YAML::Node& rule : group["rules"]) {
      const YAML::Node expr = rule.IsMap() ? rule["expr"] : YAML::Node();
      if (expr && expr.IsScalar()) {
        expressions.push_back(expr.as<std::string>());
      }
    }
  }
}

TEST(PromqlRules, ExpressionsOfAcceptedRuleFilesParse) {
  const auto folder = testing::conformance_dir();
  if (!folder) {
    GTEST_SKIP() << "no conformance data";
  }
  std::size_t parsed = 0;
  const std::string verdicts = testing::read_file(*folder + "/verdicts.tsv");
  for (const std::string_view row : base::split(verdicts, '\n')) {
    const auto cells = base::split(row, '\t');
    if (cells.size() < 3 || cells[1] != "rules" || !cells[2].starts_with("accept")) {
      continue;
    }
    std::vector<std::string> expressions;
    try {
      collect(YAML::LoadFile(*folder + "/" + std::string(cells[0])), expressions);
    } catch (const YAML::Exception& error) {
      ADD_FAILURE() << cells[0] << ": " << error.what();
    }
    for (const std::string& expression : expressions) {
      const auto query = promql::parse(expression);
      EXPECT_TRUE(query) << cells[0] << ": " << expression << "\n" << query.error().to_string();
      if (!query) {
        continue;
      }
      ++parsed;
      const std::string printed = promql::format(query->root());
      const auto again = promql::parse(printed);
      ASSERT_TRUE(again) << printed << "\n" << again.error().to_string();
      EXPECT_EQ(promql::format(again->root()), printed);
    }
  }
  EXPECT_GT(parsed, 2900U);
}

}  // namespace
}  // namespace tocsin::promqltest
