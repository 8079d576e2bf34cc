#include "integration/promql_differential/compliance.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "integration/promql_differential/exclusions.h"
#include "integration/promql_differential/metrics.h"
#include "integration/promql_differential/peers.h"
#include "support/conformance.h"

namespace tocsin::differential {
namespace {

constexpr std::uint64_t kSeed = 42;

TEST(ComplianceList, MultipliesTemplatesOut) {
  const auto queries = read_compliance_list(R"(
test_cases:
  - query: '{{.topBottomOp}}(2, x[{{.offset}}])'
    variant_args: ['topBottomOp', 'offset']
  - query: 'x'
    should_fail: true
)");
  ASSERT_EQ(queries.size(), 7);
  EXPECT_EQ(queries[0].query, "topk(2, x[1m])");
  EXPECT_EQ(queries[5].query, "bottomk(2, x[10m])");
  EXPECT_TRUE(queries[6].should_fail);
}

TEST(PromqlDifferential, ComplianceQueriesAreAnsweredAsPrometheusDoes) {
  const auto folder = testing::conformance_dir();
  if (!Peers::available() || !folder) {
    GTEST_SKIP() << "there is no prometheus to compare with, or no list of queries";
  }
  const auto queries = read_compliance_list(
      testing::read_file(*folder + "/compliance/promql/promql-test-queries.yml"));
  ASSERT_GT(queries.size(), 400);
  Dice dice(kSeed);
  const TimeFrame frame = make_frame(dice);
  auto peers = Peers::start(make_series(demo_catalogue(), frame, dice));
  ASSERT_TRUE(peers) << peers.error().to_string();

  std::map<std::string, int> excluded;
  int asked = 0;
  for (const ComplianceQuery& one : queries) {
    for (const bool range : {true, false}) {
      // In steps of ten seconds, as the tester does.
      Question question{.expression = one.query, .range = range};
      question.end_ms = frame.end_ms - 60'000 + TimeFrame::kPhase;
      question.start_ms = question.end_ms - (range ? 300'000 : 0);
      question.step_ms = 10'000;
      const auto answers = (*peers)->ask(question);
      ASSERT_TRUE(answers) << answers.error().to_string();
      ++asked;
      const auto found = difference(answers->theirs, answers->ours, range);
      if (!found) {
        EXPECT_EQ(answers->ours.failed, one.should_fail) << question.to_string();
        continue;
      }
      if (const auto* known = find_exclusion({question, answers->theirs, answers->ours, {}, {}})) {
        ++excluded[std::string(known->id)];
        continue;
      }
      ADD_FAILURE() << question.to_string() << "\n  theirs and ours: " << *found;
    }
  }
  std::printf("%zu queries, %d questions", queries.size(), asked);
  for (const auto& [id, count] : excluded) {
    std::printf(", %d %s", count, id.c_str());
  }
  std::printf("\n");
}

}  // namespace
}  // namespace tocsin::differential
