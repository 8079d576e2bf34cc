#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "conformance/promql/corpus.h"
#include "conformance/promql/runner.h"
#include "support/conformance.h"

namespace tocsin::promqltest {
namespace {

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

TEST(PromqlScripts, OwnScriptsPass) {
  const Outcome outcome = run(scripts_in(TOCSIN_SOURCE_DIR "/tests/conformance/promql"), "");
  EXPECT_GT(outcome.passed, 20);
  EXPECT_TRUE(outcome.failed.empty());
}

struct Phase {
  std::string name;
  int evals;
};

class EvalsOfPrometheus : public ::testing::TestWithParam<Phase> {};

TEST_P(EvalsOfPrometheus, Pass) {
  const auto folder = testing::conformance_dir();
  if (!folder) {
    GTEST_SKIP() << "no conformance data";
  }
  const Outcome outcome = run(scripts_in(*folder + "/prometheus/promqltest"), GetParam().name);
  EXPECT_EQ(outcome.passed, GetParam().evals);
  EXPECT_EQ(outcome.failed, std::set<std::string>());
}

INSTANTIATE_TEST_SUITE_P(Phases, EvalsOfPrometheus,
                         ::testing::Values(Phase{"core", 517}, Phase{"native-histogram", 487},
                                           Phase{"experimental", 324}),
                         [](const auto& phase) { return phase.param.name.substr(0, 4); });

}  // namespace
}  // namespace tocsin::promqltest
