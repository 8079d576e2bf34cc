#include "promql/plan.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "promql/query.h"

/// What the planner decides, as describe() prints it.
namespace tocsin::promql {
namespace {

std::string plan_of(std::string_view text) {
  const auto query = parse(text, ParseOptions::all());
  EXPECT_TRUE(query) << text;
  return query ? describe(query->plan()) : "";
}

std::size_t selections_in(std::string_view text) {
  const auto query = parse(text, ParseOptions::all());
  EXPECT_TRUE(query) << text;
  return query ? query->plan().selections().size() : 0;
}

TEST(Plan, FoldsConstants) {
  EXPECT_EQ(plan_of("(1 + 2) * -3 ^ 2"), "0: number -27 [fixed]\n");
  EXPECT_EQ(plan_of("scalar(vector(2)) + pi() * 0"), "0: number 2 [fixed]\n");
  EXPECT_EQ(plan_of("m * (60 * 60)"),
            "0: instant of selection 0\n"
            "1: number 3600 [fixed]\n"
            "2: with scalar m * (60 * 60) <- 0, 1\n");
}

TEST(Plan, ComputesEqualPartsOnce) {
  EXPECT_EQ(plan_of("sum(rate(c[5m])) / sum(rate(c[5m]) )"),
            "0: range of selection 0\n"
            "1: range call rate(c[5m]) <- 0\n"
            "2: aggregate sum(rate(c[5m])) <- 1 [read 2 times]\n"
            "3: join sum(rate(c[5m])) / sum(rate(c[5m])) <- 2, 2\n");
  EXPECT_EQ(plan_of("m > 1 and (m) < 3"),
            "0: instant of selection 0 [read 2 times]\n"
            "1: number 1 [fixed]\n"
            "2: with scalar m > 1 <- 0, 1\n"
            "3: number 3 [fixed]\n"
            "4: with scalar (m) < 3 <- 0, 3\n"
            "5: set m > 1 and (m) < 3 <- 2, 4\n");
}

TEST(Plan, PinsSeriesOnceForAllRanges) {
  EXPECT_EQ(selections_in("rate(c[5m]) / rate(c[1h]) + c"), 1U);
  EXPECT_EQ(selections_in("c - c offset 5m"), 2U);
  EXPECT_EQ(selections_in("c - c{a=\"1\"}"), 2U);
  EXPECT_EQ(selections_in("c @ 10 - c @ 20"), 2U);
  // Other steps, other times.
  EXPECT_EQ(selections_in("c - max_over_time(c[1h:1m])"), 2U);
}

TEST(Plan, SetsApartWhatNoStepChanges) {
  EXPECT_EQ(plan_of("m / on() sum(m @ end())"),
            "0: instant of selection 0\n"
            "1: instant of selection 1 [fixed]\n"
            "2: aggregate sum(m @ end()) <- 1 [fixed]\n"
            "3: join m / on () sum(m @ end()) <- 0, 2\n");
  EXPECT_EQ(plan_of("time() - vector(1)"),
            "0: time time()\n"
            "1: number 1 [fixed]\n"
            "2: vector of vector(1) <- 1 [fixed]\n"
            "3: with scalar time() - vector(1) <- 0, 2\n");
  // The samples are fixed, what is predicted is not.
  EXPECT_EQ(plan_of("predict_linear(m[5m] @ 10, 60)"),
            "0: range of selection 0 [fixed]\n"
            "1: number 60 [fixed]\n"
            "2: range call predict_linear(m[5m] @ 10.000, 60) <- 0, 1\n");
}

TEST(Plan, GivesSubqueriesStepsOfTheirOwn) {
  EXPECT_EQ(plan_of("max_over_time(rate(c[5m])[1h:1m]) - min_over_time(rate(c[5m])[1h:1m])"),
            "0: range of selection 0 [steps 2]\n"
            "1: range call rate(c[5m]) <- 0 [steps 2] [read 2 times]\n"
            "2: subquery at steps 2 <- 1 [read 2 times]\n"
            "3: range call max_over_time(rate(c[5m])[1h:1m]) <- 2\n"
            "4: range call min_over_time(rate(c[5m])[1h:1m]) <- 2\n"
            "5: join max_over_time(rate(c[5m])[1h:1m]) - min_over_time(rate(c[5m])[1h:1m])"
            " <- 3, 4\n");
}

TEST(Plan, ChecksLabelsOnlyWhereDroppingNamesCanMakeThemEqual) {
  EXPECT_EQ(plan_of("rate({job=\"a\"}[5m])"),
            "0: range of selection 0\n"
            "1: range call rate({job=\"a\"}[5m]) <- 0 [labels checked]\n");
  EXPECT_EQ(plan_of("-sum({job=\"a\"})"),
            "0: instant of selection 0\n"
            "1: aggregate sum({job=\"a\"}) <- 0\n"
            "2: negate -sum({job=\"a\"}) <- 1\n");
}

}  // namespace
}  // namespace tocsin::promql
