#include "promql/extended.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace tocsin::promql {
namespace {

using model::Sample;

RangeInput input_of(const std::vector<Sample>& samples, std::int64_t start_ms,
                    std::int64_t end_ms) {
  RangeInput input;
  input.samples = samples;
  input.start_ms = start_ms;
  input.end_ms = end_ms;
  return input;
}

std::optional<double> change(const RangeInput& input, ChangeKind kind) {
  const auto number = extended_change(input, kind);
  return number ? std::optional(number->value) : std::nullopt;
}

TEST(Extended, AnchoredCountsFromTheNewestSampleBeforeTheRange) {
  const std::vector<Sample> samples = {{0, 1}, {10, 4}, {20, 6}, {30, 3}};
  EXPECT_EQ(change(input_of(samples, 15, 30), {.counter = true}), 5);  // 4 to 6, then 3 again
  EXPECT_EQ(change(input_of(samples, 15, 30), {}), -1);
  EXPECT_EQ(change(input_of(samples, -5, 30), {}), 2);
  EXPECT_EQ(change(input_of(samples, 30, 40), {}), std::nullopt);
  EXPECT_EQ(change(input_of(samples, 25, 40), {}), -3);
}

TEST(Extended, SmoothedInterpolatesAtBothEdges) {
  const std::vector<Sample> samples = {{0, 0}, {10, 10}, {20, 30}, {30, 0}};
  EXPECT_EQ(change(input_of(samples, 5, 15), {.smoothed = true}), 15);
  EXPECT_EQ(change(input_of(samples, 5, 15), {.smoothed = true, .counter = true}), 15);
  // From 30 to 0 a counter has started again and got nothing since.
  EXPECT_EQ(change(input_of(samples, 15, 25), {.smoothed = true, .counter = true}), 10);
  EXPECT_EQ(change(input_of(samples, 12, 14), {.smoothed = true}), 4);
  EXPECT_EQ(change(input_of(samples, 25, 100), {.smoothed = true}), -15);
}

TEST(Extended, StartTimestampsAreResets) {
  const std::vector<Sample> samples = {{10, 5}, {20, 6}, {30, 7}};
  const std::vector<std::int64_t> starts = {1, 15, 15};
  RangeInput input = input_of(samples, 10, 30);
  input.float_starts = starts;
  EXPECT_EQ(change(input, {.counter = true}), 7);
  EXPECT_EQ(change(input, {}), 2);
}

TEST(Extended, ValuesBetweenSamples) {
  const std::vector<Sample> samples = {{10, 5}, {20, 10}};
  const auto at = [&](std::int64_t time_ms) {
    const auto number = smoothed_value(input_of(samples, time_ms, time_ms));
    return number ? std::optional(number->value) : std::nullopt;
  };
  EXPECT_EQ(at(5), std::nullopt);
  EXPECT_EQ(at(10), 5);
  EXPECT_EQ(at(12), 6);
  EXPECT_EQ(at(25), 10);
}

TEST(Extended, MixedRangesSayWhy) {
  const std::vector<Sample> samples = {{10, 5}};
  const std::vector<model::HistogramSample> histograms = {
      {20, std::make_shared<const model::Histogram>(), 0}};
  Notes notes;
  RangeInput input = input_of(samples, 0, 30);
  input.histograms = histograms;
  input.notes = &notes;
  EXPECT_EQ(change(input, {}), std::nullopt);
  EXPECT_TRUE(notes.has(Note::kMixedFloatsHistograms));
  Notes more;
  input.notes = &more;
  input.start_ms = input.end_ms = 15;
  EXPECT_FALSE(smoothed_value(input));
  EXPECT_TRUE(more.has(Note::kMixedFloatsHistograms));
}

TEST(Extended, RangesShowTheirEdges) {
  const std::vector<Sample> samples = {{0, 0}, {10, 10}, {20, 30}};
  const auto smoothed = extended_points(input_of(samples, 5, 15), Extension::kSmoothed).floats;
  ASSERT_EQ(smoothed.size(), 3U);
  EXPECT_EQ(smoothed.front().value, 5);
  EXPECT_EQ(smoothed[1].value, 10);
  EXPECT_EQ(smoothed.back().value, 20);
  const std::vector<Sample> first = {{0, 0}, {10, 10}};
  const auto anchored = extended_points(input_of(first, 5, 15), Extension::kAnchored).floats;
  ASSERT_EQ(anchored.size(), 3U);
  EXPECT_EQ(anchored.front().value, 0);
  EXPECT_EQ(anchored.back().value, 10);
  EXPECT_TRUE(extended_points(input_of(first, 50, 60), Extension::kAnchored).empty());
}

}  // namespace
}  // namespace tocsin::promql
