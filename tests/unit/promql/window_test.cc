#include "promql/window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "promql/functions.h"

/// A window that slides says what the fold over its samples says.
namespace tocsin::promql {
namespace {

using model::Sample;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

enum class Values : std::uint8_t { kIntegers, kReals, kStrange };

// Samples with uneven distances, gaps, resets and repeated values.
std::vector<Sample> samples_of(Values kind, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Sample> samples;
  std::int64_t time = 0;
  double value = 0;
  for (int i = 0; i < 400; ++i) {
    time += random() % 20 == 0 ? 60'000 : 500 + static_cast<std::int64_t>(random() % 1'000);
    value = random() % 15 == 0 ? static_cast<double>(random() % 5)
                               : value + static_cast<double>(random() % 4);
    double shown = kind == Values::kReals ? value * 0.1 + 1e6 : value;
    if (kind == Values::kStrange && random() % 10 == 0) {
      static constexpr double kStrange[] = {kNan, kInfinity, -kInfinity, 1e308, -1e308, -0.0};
      shown = kStrange[random() % 6];
    }
    samples.push_back({time, shown});
  }
  return samples;
}

bool same(double a, double b, double tolerance) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) ||
         (std::isnan(a) && std::isnan(b)) ||
         std::fabs(a - b) <= tolerance * std::max(std::fabs(a), std::fabs(b));
}

class Windows : public ::testing::TestWithParam<std::string> {
 protected:
  // Slides a range over samples and compares each place with the fold.
  void compare(const std::vector<Sample>& samples, double tolerance, std::int64_t step_ms) {
    const Function& function = *find_function(GetParam());
    const auto fold = std::get<RangeFunction>(function.run);
    const auto window = function.window();
    const std::vector<double> parameters = {0.3};
    for (const std::int64_t range_ms : {1'500, 20'000, 90'000}) {
      window->restart();
      std::size_t begin = 0;
      std::size_t end = 0;
      for (std::int64_t at = 0; at < samples.back().time_ms + range_ms; at += step_ms) {
        while (end < samples.size() && samples[end].time_ms <= at) {
          ++end;
        }
        while (begin < end && samples[begin].time_ms <= at - range_ms) {
          ++begin;
        }
        if (begin == end) {
          continue;
        }
        RangeInput input;
        input.samples = std::span(samples).subspan(begin, end - begin);
        input.start_ms = at - range_ms;
        input.end_ms = input.time_ms = at;
        input.parameters = parameters;
        const auto slid = window->value(input, begin);
        const auto folded = fold(input);
        ASSERT_EQ(slid.has_value(), folded.has_value()) << at;
        if (slid) {
          ASSERT_TRUE(same(*slid, folded->value, tolerance))
              << GetParam() << " at " << at << " range " << range_ms << ": " << *slid << " not "
              << folded->value;
        }
      }
    }
  }
};

// Where each addition is exact, or none is made, results are the same to the bit.
double tolerance_of(const std::string& name, Values kind) {
  const bool variance = name.starts_with("std");
  const bool adds = variance || name == "sum_over_time" || name == "avg_over_time";
  if (!adds || (kind == Values::kIntegers && !variance)) {
    return 0;
  }
  return variance ? 1e-6 : 1e-14;
}

TEST_P(Windows, SayWhatFoldsSay) {
  for (const Values kind : {Values::kIntegers, Values::kReals, Values::kStrange}) {
    for (unsigned seed = 1; seed <= 5; ++seed) {
      for (const std::int64_t step_ms : {100, 1'000, 7'000}) {
        compare(samples_of(kind, seed), tolerance_of(GetParam(), kind), step_ms);
      }
    }
  }
}

// The steps of a series at once, in pieces, are the steps one by one.
TEST_P(Windows, SlideOverManySteps) {
  const Function& function = *find_function(GetParam());
  const auto samples = samples_of(Values::kReals, 3);
  const std::vector<double> parameters = {0.3};
  std::vector<std::int64_t> ends;
  for (std::int64_t at = -5'000; at < samples.back().time_ms + 30'000; at += 900) {
    ends.push_back(at);
  }
  std::vector<double> values(ends.size(), -1);
  Slide slide;
  slide.samples = samples;
  slide.range_ms = 20'000;
  slide.parameters = parameters;
  const auto window = function.window();
  window->restart();
  for (std::size_t first = 0; first < ends.size(); first += 7) {
    const std::size_t count = std::min<std::size_t>(7, ends.size() - first);
    slide.ends_ms = slide.times_ms = std::span(ends).subspan(first, count);
    slide.values = std::span(values).subspan(first, count);
    window->slide(slide);
  }
  const auto single = function.window();
  single->restart();
  std::size_t found = 0;
  std::uint64_t looked_at = 0;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const auto inside = [&](const Sample& sample) {
      return sample.time_ms > ends[i] - slide.range_ms && sample.time_ms <= ends[i];
    };
    const auto begin = std::ranges::find_if(samples, inside);
    const auto count = std::ranges::count_if(samples, inside);
    looked_at += static_cast<std::uint64_t>(count);
    std::optional<double> expected;
    if (count > 0) {
      RangeInput input;
      input.samples = std::span(begin, static_cast<std::size_t>(count));
      input.start_ms = ends[i] - slide.range_ms;
      input.end_ms = input.time_ms = ends[i];
      input.parameters = parameters;
      expected = single->value(input, static_cast<std::uint64_t>(begin - samples.begin()));
    }
    found += expected ? 1 : 0;
    ASSERT_TRUE(same(values[i], expected.value_or(-1), 0)) << GetParam() << " at " << ends[i];
  }
  EXPECT_EQ(slide.found, found);
  EXPECT_EQ(slide.looked_at, looked_at);
}

TEST_P(Windows, BeginAgainWhenNothingIsLeft) {
  const auto samples = samples_of(Values::kIntegers, 9);
  compare(samples, tolerance_of(GetParam(), Values::kIntegers), 130'000);
}

INSTANTIATE_TEST_SUITE_P(Functions, Windows,
                         ::testing::Values("rate", "increase", "changes", "resets", "sum_over_time",
                                           "avg_over_time", "min_over_time", "max_over_time",
                                           "stddev_over_time", "stdvar_over_time",
                                           "quantile_over_time"));

TEST(Windows, OfConstantsHaveNoVariance) {
  const std::vector<Sample> samples = {{1, 0.1}, {2, 0.1}, {3, 0.1}, {4, 0.1}, {5, 0.1}};
  const auto window = find_function("stddev_over_time")->window();
  for (std::size_t begin = 0; begin + 3 <= samples.size(); ++begin) {
    RangeInput input;
    input.samples = std::span(samples).subspan(begin, 3);
    EXPECT_EQ(window->value(input, begin), 0.0);
  }
}

}  // namespace
}  // namespace tocsin::promql
