#include "rules/pacer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "rules/engine.h"
#include "support/rule_harness.h"

namespace tocsin::rules {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Load {
  double cost;            ///< seconds a look
  milliseconds every;     ///< how often there is something new
  std::size_t looks = 0;  ///< what became of it
  std::uint64_t missed = 0;
  std::uint64_t late = 0;
};

// Plays wishes and looks for so long; returns the share of a core that the looks took in the
// second half.
double play(Pacer& pacer, std::vector<Load>& loads, seconds length) {
  pacer.reset(loads.size());
  base::MonotonicTime now{};
  const base::MonotonicTime begin = now;
  std::vector<bool> waiting(loads.size());
  double spent = 0;
  while (now - begin < length) {
    now += milliseconds(10);
    const auto passed = std::chrono::duration_cast<milliseconds>(now - begin);
    pacer.rebalance(now);
    for (std::size_t i = 0; i < loads.size(); ++i) {
      const bool wish = passed % loads[i].every == milliseconds(0);
      if (wish && waiting[i]) {
        pacer.wanted_again(i, now);
      }
      waiting[i] = waiting[i] || wish;
      if (!waiting[i]) {
        continue;
      }
      pacer.wanted(i, now);
      if (pacer.turn(i) > now) {
        continue;
      }
      waiting[i] = false;
      const auto lateness = pacer.looked(i, false, loads[i].cost, now);
      ++loads[i].looks;
      loads[i].missed += lateness.missed;
      loads[i].late += lateness.late ? 1 : 0;
      spent += passed * 2 > length ? loads[i].cost : 0;
    }
  }
  return spent / (static_cast<double>(length.count()) / 2);
}

TEST(Pacer, NobodyWaitsWhileEverythingFits) {
  Pacer pacer(0.25);
  std::vector<Load> loads = {{0.01, milliseconds(1000)}, {0.1, milliseconds(5000)}};
  play(pacer, loads, seconds(100));
  EXPECT_FALSE(pacer.limiting());
  EXPECT_EQ(loads[0].looks, 100U);
  EXPECT_EQ(loads[1].looks, 20U);
  EXPECT_EQ(loads[0].late + loads[1].late, 0U);
}

TEST(Pacer, TheCostlyWaitAndTheCheapStayImmediate) {
  Pacer pacer(0.25);
  std::vector<Load> loads = {{0.5, milliseconds(1000)}, {0.001, milliseconds(1000)}};
  const double share = play(pacer, loads, seconds(200));
  EXPECT_NEAR(share, 0.25, 0.03);
  EXPECT_EQ(loads[1].looks, 200U);
  EXPECT_EQ(loads[1].late, 0U);
  EXPECT_GT(loads[0].late, 20U);
  EXPECT_NEAR(static_cast<double>(loads[0].looks + loads[0].missed), 200, 2);
}

TEST(Pacer, EquallyCostlyRulesShareAlike) {
  Pacer pacer(0.2);
  std::vector<Load> loads(10, {0.05, milliseconds(1000)});
  const double share = play(pacer, loads, seconds(200));
  EXPECT_NEAR(share, 0.2, 0.03);
  for (const Load& load : loads) {
    EXPECT_NEAR(static_cast<double>(load.looks), static_cast<double>(loads[0].looks), 3);
  }
}

TEST(Pacer, AShareOfZeroIsNoBound) {
  Pacer pacer(0);
  std::vector<Load> loads = {{5, milliseconds(1000)}};
  play(pacer, loads, seconds(20));
  EXPECT_EQ(loads[0].looks, 20U);
}

TEST(Pacer, RulesOnTheGridNeverWaitButUseUpTheShare) {
  Pacer pacer(0.25);
  pacer.reset(2);
  base::MonotonicTime now{};
  double spent = 0;
  for (int second = 0; second < 120; ++second) {
    now += seconds(1);
    pacer.rebalance(now);
    pacer.looked(0, true, 0.2, now);
    EXPECT_LE(pacer.turn(0), now);
    pacer.wanted(1, now);
    if (pacer.turn(1) <= now) {
      pacer.looked(1, false, 0.2, now);
      spent += second >= 60 ? 0.2 : 0;
    }
  }
  EXPECT_NEAR(spent / 60, 0.05, 0.02);
}

TEST(Pacer, TheLimitGoesWithTheLoad) {
  Pacer pacer(0.25);
  std::vector<Load> loads = {{0.5, milliseconds(1000)}};
  play(pacer, loads, seconds(60));
  ASSERT_TRUE(pacer.limiting());
  base::MonotonicTime now = base::MonotonicTime{} + seconds(60);
  for (int look = 0; look < 30; ++look) {
    now += seconds(3);
    pacer.rebalance(now);
    pacer.wanted(0, now);
    if (pacer.turn(0) <= now) {
      pacer.looked(0, false, 0.001, now);
    }
  }
  EXPECT_FALSE(pacer.limiting());
}

// In the engine: a rule whose looks cost too much is spaced, a cheap one beside it is not, and the
// view says so.
TEST(EnginePacing, ACostlyRuleIsSpacedAndSaysSo) {
  testing::RuleHarness harness;
  harness.load(R"(
groups:
  - name: g
    rules:
      - {alert: Costly, expr: a > 1}
      - {alert: Cheap, expr: b > 1}
)");
  harness.set_live({{1, seconds(1)}});
  harness.set_cost("Costly", 1.0);
  const auto a = model::Labels({{"__name__", "a"}});
  const auto b = model::Labels({{"__name__", "b"}});
  for (int second = 0; second < 120; ++second) {
    harness.poll(1, {{a, 0}, {b, 0}});
    harness.advance(seconds(1));
  }
  std::map<std::string, std::size_t> looks;
  for (const auto& look : harness.looks()) {
    ++looks[look.rule];
  }
  EXPECT_GE(looks["Cheap"], 120U);
  EXPECT_LT(looks["Costly"], 45U);
  EXPECT_GT(looks["Costly"], 20U);
  const auto view = harness.engine().view(harness.now());
  EXPECT_GT(view[0].rules[0].late_evaluations, 10U);
  EXPECT_GT(view[0].rules[0].missed_evaluations, 40U);
  EXPECT_GT(view[0].rules[0].spacing_seconds, 3);
  EXPECT_EQ(view[0].rules[1].late_evaluations, 0U);
  EXPECT_EQ(harness.engine().late_evaluations(), view[0].rules[0].late_evaluations);
}

}  // namespace
}  // namespace tocsin::rules
