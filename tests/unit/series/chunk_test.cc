#include "series/chunk.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "base/random.h"

namespace tocsin::series {
namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

void expect_same(const std::vector<model::Sample>& got, const std::vector<model::Sample>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(got[i].time_ms, want[i].time_ms) << "sample " << i;
    EXPECT_EQ(std::bit_cast<std::uint64_t>(got[i].value),
              std::bit_cast<std::uint64_t>(want[i].value))
        << "sample " << i;
  }
}

Chunk encode(const std::vector<model::Sample>& samples) {
  ChunkWriter writer;
  for (const model::Sample& sample : samples) {
    writer.append(sample);
  }
  return writer.finish();
}

void expect_round_trip(const std::vector<model::Sample>& samples) {
  const Chunk chunk = encode(samples);
  EXPECT_EQ(chunk.count, samples.size());
  EXPECT_EQ(chunk.min_time_ms, samples.front().time_ms);
  EXPECT_EQ(chunk.max_time_ms, samples.back().time_ms);
  std::vector<model::Sample> got;
  chunk.read(kMin, kMax, got);
  expect_same(got, samples);
  // The same in a chunk that grows; what was pinned on the way stays.
  OpenChunk open;
  std::vector<OpenView> views;
  for (const model::Sample& sample : samples) {
    open.append(sample);
    views.push_back(open.view());
  }
  for (std::size_t count = 1; count <= samples.size(); ++count) {
    got.clear();
    views[count - 1].read(kMin, kMax, got);
    expect_same(got, {samples.begin(), samples.begin() + static_cast<long>(count)});
  }
  got.clear();
  open.seal().read(kMin, kMax, got);
  expect_same(got, samples);
}

double from_bits(std::uint64_t bits) { return std::bit_cast<double>(bits); }

TEST(Chunk, KeepsEveryBitOfOddValues) {
  const std::vector<double> values = {0.0,
                                      -0.0,
                                      1.0,
                                      model::stale_marker(),
                                      from_bits(model::kNormalNanBits),
                                      from_bits(0x7ff0000000000001),  // signalling
                                      from_bits(0xffffffffffffffff),
                                      std::numeric_limits<double>::infinity(),
                                      -std::numeric_limits<double>::infinity(),
                                      std::numeric_limits<double>::denorm_min(),
                                      std::numeric_limits<double>::max(),
                                      std::numeric_limits<double>::lowest(),
                                      from_bits(1),
                                      from_bits(std::uint64_t{1} << 63),
                                      from_bits(0xaaaaaaaaaaaaaaaa),
                                      from_bits(0x5555555555555555),
                                      model::stale_marker(),
                                      model::stale_marker(),
                                      42.0};
  std::vector<model::Sample> samples;
  for (const double value : values) {
    samples.push_back({static_cast<std::int64_t>(samples.size()) * 5000, value});
  }
  expect_round_trip(samples);
}

TEST(Chunk, KeepsTimesHoweverFarApart) {
  expect_round_trip({{kMin, 1}, {kMin + 1, 1}, {-1, 1}, {0, 1}, {1, 1}, {kMax - 1, 1}, {kMax, 1}});
  // Each width of the delta of deltas, at both of its ends.
  std::vector<model::Sample> samples = {{0, 1}};
  std::int64_t delta = 3'000'000;
  for (const std::int64_t change : {0L, 63L, -64L, 64L, -65L, 2047L, -2048L, 2048L, -2049L, 524287L,
                                    -524288L, 524288L, -524289L, 1L << 40, -(1L << 40)}) {
    delta += change;
    samples.push_back({samples.back().time_ms + delta, 1});
  }
  expect_round_trip(samples);
}

TEST(Chunk, RoundTripsRandomSeries) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    base::SeededRandom random(seed);
    std::vector<model::Sample> samples;
    std::int64_t time = static_cast<std::int64_t>(random.below(1'000'000));
    double value = 0;
    const std::size_t count = 1 + random.below(60);
    for (std::size_t i = 0; i < count; ++i) {
      time += 1 + static_cast<std::int64_t>(random.below(std::uint64_t{1} << random.below(30)));
      switch (random.below(4)) {
        case 0:
          break;
        case 1:
          value += static_cast<double>(random.below(1000));
          break;
        case 2:
          value = random.uniform();
          break;
        default:
          value = from_bits(random.next());
      }
      samples.push_back({time, value});
    }
    expect_round_trip(samples);
  }
}

TEST(Chunk, ReadsOnlyTheTimesAskedFor) {
  const Chunk chunk = encode({{10, 1}, {20, 2}, {30, 3}});
  const auto read = [&chunk](std::int64_t from, std::int64_t to) {
    std::vector<model::Sample> out;
    chunk.read(from, to, out);
    return out;
  };
  expect_same(read(10, 20), {{10, 1}, {20, 2}});
  expect_same(read(11, 30), {{20, 2}, {30, 3}});
  expect_same(read(kMin, 9), {});
  expect_same(read(31, kMax), {});
  expect_same(read(21, 29), {});
}

TEST(Chunk, ReadsAnyPartOfOneWithManySamples) {
  base::SeededRandom random(5);
  std::vector<model::Sample> samples;
  std::int64_t time = 0;
  for (int i = 0; i < 120; ++i) {
    // Distances for each way of writing them, and values that stay, move a little or jump.
    time += 1 + static_cast<std::int64_t>(random.below(std::uint64_t{1} << random.below(40)));
    const double before = samples.empty() ? 0 : samples.back().value;
    const double values[] = {before, before + 1, random.uniform(), from_bits(random.next())};
    samples.push_back({time, values[random.below(4)]});
  }
  const Chunk chunk = encode(samples);
  for (std::size_t first = 0; first < samples.size(); first += 7) {
    for (std::size_t last = first; last < samples.size(); last += 11) {
      std::vector<model::Sample> got = {{-1, -1}};
      chunk.read(samples[first].time_ms, samples[last].time_ms, got);
      std::vector<model::Sample> want = {{-1, -1}};
      want.insert(want.end(), samples.begin() + static_cast<long>(first),
                  samples.begin() + static_cast<long>(last) + 1);
      expect_same(got, want);
    }
  }
}

TEST(Chunk, TakesFewBytesForASteadyCounter) {
  std::vector<model::Sample> samples;
  for (int i = 0; i < 120; ++i) {
    samples.push_back({1'700'000'000'000 + i * 5000, 1e6 + i * 17});
  }
  EXPECT_LT(encode(samples).size, 120 * 4);
}

}  // namespace
}  // namespace tocsin::series
