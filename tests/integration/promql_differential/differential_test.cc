#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "base/text.h"
#include "integration/promql_differential/run.h"

namespace tocsin::differential {
namespace {

// TOCSIN_DIFFERENTIAL_SEED and TOCSIN_DIFFERENTIAL_COUNT make a long run of the same test.
std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  const auto number = text != nullptr ? base::parse_number(text) : std::nullopt;
  return number ? static_cast<std::uint64_t>(*number) : otherwise;
}

TEST(PromqlDifferential, RandomExpressionsAreAnsweredAsPrometheusDoes) {
  if (!Peers::available()) {
    GTEST_SKIP() << "there is no prometheus to compare with";
  }
  RunOptions options;
  options.seed = setting("TOCSIN_DIFFERENTIAL_SEED", 1);
  options.expressions = setting("TOCSIN_DIFFERENTIAL_COUNT", 2000);
  const RunResult result = run_random(options);
  RecordProperty("summary", result.summary());
  std::printf("seed %llu: %s\n", static_cast<unsigned long long>(options.seed),
              result.summary().c_str());
  EXPECT_EQ(result.broken, "");
  for (const Report& report : result.reports) {
    ADD_FAILURE() << report.smallest.to_string() << "\n  theirs and ours: " << report.what
                  << "\n  found as: " << report.found;
  }
  // A generator that only makes errors and empty answers would prove nothing.
  EXPECT_LT(result.failed + result.empty, result.questions * 6 / 10) << result.summary();
}

}  // namespace
}  // namespace tocsin::differential
