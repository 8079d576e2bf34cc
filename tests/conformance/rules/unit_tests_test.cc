// Rule unit tests that people run with promtool hold here, too.

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "support/conformance.h"
#include "support/rule_unit_test.h"

namespace tocsin::testing {
namespace {

// Files that the newest promtool judges otherwise than the recorded 2.42, or that this version
// cannot run, and why.
const std::map<std::string, bool, std::less<>>& exceptions() {
  static const std::map<std::string, bool, std::less<>> kExceptions = {
      // Written for Prometheus 3, which excludes a sample at the very start of a range.
      {"kubernetes-mixin/tests/tests.yaml", true},
      // `start_timestamp` came with 3.9.
      {"prometheus/promtool/start-time-test.yml", true},
      // `histogram` in `exp_samples` came with 2.47.
      {"prometheus/promtool/unittest.yml", true},
  };
  return kExceptions;
}

// Files that rely on a sample being seen until five minutes after it, that moment included.
// Prometheus 3 excludes it; with one millisecond more they hold.
bool is_written_for_inclusive_lookback(const std::string& name) {
  static const std::set<std::string, std::less<>> kFiles = {
      "team-collaboration-services/vrts_test.yaml",
      "team-data-engineering/eventgate_local_test.yaml",
      "team-data-engineering/mw-content-history-reconcile-enrich_test.yaml",
      "team-data-platform/superset-availability_test.yaml",
      "team-data-platform/turnilo-availability_test.yaml",
      "team-o11y/global_test.yaml",
      "team-sre/resources_test.yaml",
      "team-sre/swagger_test.yaml",
  };
  constexpr std::string_view kFolder = "wikimedia-alerts/";
  return name.starts_with(kFolder) && kFiles.contains(name.substr(kFolder.size()));
}

struct Verdict {
  std::string file;
  bool accepted = false;
};

std::vector<Verdict> read_verdicts() {
  std::vector<Verdict> verdicts;
  const auto folder = conformance_dir();
  if (!folder) {
    return verdicts;
  }
  std::istringstream lines(read_file(*folder + "/verdicts.tsv"));
  for (std::string line; std::getline(lines, line);) {
    const auto fields = base::split(line, '\t');
    if (fields.size() >= 3 && fields[1] == "rule-test") {
      verdicts.push_back({std::string(fields[0]), fields[2] == "accepted"});
    }
  }
  return verdicts;
}

TEST(RuleUnitTestsFromTheField, AreThere) {
  if (!conformance_dir()) {
    GTEST_SKIP() << "no conformance data; set TOCSIN_CONFORMANCE_DIR";
  }
  EXPECT_GT(read_verdicts().size(), 100U);
}

class RuleUnitTest : public ::testing::TestWithParam<Verdict> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RuleUnitTest);

TEST_P(RuleUnitTest, HoldsAsInPromtool) {
  const auto& [name, accepted] = GetParam();
  const auto exception = exceptions().find(name);
  const bool expected = exception == exceptions().end() ? accepted : exception->second;
  const base::Duration lookback =
      std::chrono::minutes(5) +
      std::chrono::milliseconds(is_written_for_inclusive_lookback(name) ? 1 : 0);
  const auto faults = run_rule_unit_test(*conformance_dir() + "/" + name, lookback);
  EXPECT_EQ(faults.empty(), expected) << name << "\n" << (faults.empty() ? "" : faults[0]);
}

INSTANTIATE_TEST_SUITE_P(Field, RuleUnitTest, ::testing::ValuesIn(read_verdicts()),
                         [](const auto& parameter) {
                           std::string name = parameter.param.file;
                           for (char& c : name) {
                             const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                                (c >= '0' && c <= '9');
                             c = plain ? c : '_';
                           }
                           return name;
                         });

}  // namespace
}  // namespace tocsin::testing
