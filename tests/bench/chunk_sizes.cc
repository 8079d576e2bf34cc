// Bytes a sample takes, by the shape of its series and by the code: a Markdown table.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <vector>

#include "base/random.h"
#include "series/bytes.h"
#include "series/chunk.h"

namespace tocsin::series {
namespace {

constexpr int kSamples = 24'000;
constexpr std::int64_t kStepMs = 15'000;

struct Shape {
  const char* name;
  /// The value after so many samples; called in order.
  std::function<double(int, base::SeededRandom&)> value;
};

std::vector<Shape> shapes() {
  return {
      {"a constant (`up`, limits, sizes)", [](int, base::SeededRandom&) { return 1; }},
      {"a counter of requests, 0 to 200 a poll",
       [sum = 0.0](int, base::SeededRandom& random) mutable {
         sum += static_cast<double>(random.below(200));
         return sum;
       }},
      {"a counter that moves in one poll of twenty",
       [sum = 0.0](int, base::SeededRandom& random) mutable {
         sum += random.below(20) == 0 ? 1 : 0;
         return sum;
       }},
      {"a counter of seconds with hundredths (CPU)",
       [hundredths = 0.0](int, base::SeededRandom& random) mutable {
         hundredths += static_cast<double>(random.below(1500));
         return hundredths / 100;
       }},
      {"bytes of memory, pages of 4 KiB that come and go",
       [pages = 500'000.0](int, base::SeededRandom& random) mutable {
         pages += static_cast<double>(random.below(400)) - 200;
         return pages * 4096;
       }},
      {"a temperature, steps of a tenth",
       [tenths = 400.0](int, base::SeededRandom& random) mutable {
         tenths += static_cast<double>(random.below(3)) - 1;
         return tenths / 10;
       }},
      {"a sum of latencies, all bits move",
       [sum = 0.0](int, base::SeededRandom& random) mutable {
         sum += static_cast<double>(random.below(1'000'000)) * 1.2345e-7;
         return sum;
       }},
  };
}

std::vector<model::Sample> samples_of(const Shape& shape, bool jitter) {
  base::SeededRandom random(1);
  std::vector<model::Sample> samples;
  for (int i = 0; i < kSamples; ++i) {
    const std::int64_t late = jitter ? static_cast<std::int64_t>(random.below(4)) : 0;
    samples.push_back({1'767'225'600'000 + i * kStepMs + late, shape.value(i, random)});
  }
  return samples;
}

double gorilla(const std::vector<model::Sample>& samples, std::size_t per_chunk) {
  std::size_t bytes = 0;
  for (std::size_t from = 0; from < samples.size(); from += per_chunk) {
    ChunkWriter writer;
    for (std::size_t i = from; i < std::min(samples.size(), from + per_chunk); ++i) {
      writer.append(samples[i]);
    }
    bytes += writer.finish().size;
  }
  return static_cast<double>(bytes) / static_cast<double>(samples.size());
}

/// Whole bytes instead of bits: deltas of deltas for times, deltas for integers, eight bytes for
/// what is none.
double varints(const std::vector<model::Sample>& samples, std::size_t per_chunk) {
  std::size_t bytes = 0;
  for (std::size_t from = 0; from < samples.size(); from += per_chunk) {
    ByteWriter writer;
    std::int64_t time_ms = samples[from].time_ms;
    std::int64_t delta = 0;
    double before = 0;
    for (std::size_t i = from; i < std::min(samples.size(), from + per_chunk); ++i) {
      const std::int64_t step = samples[i].time_ms - time_ms;
      writer.zigzag(step - delta);
      delta = step;
      time_ms = samples[i].time_ms;
      const double value = samples[i].value;
      const bool whole = value == std::trunc(value) && before == std::trunc(before);
      writer.value(whole ? value - before : value);
      before = value;
    }
    bytes += writer.size();
  }
  return static_cast<double>(bytes) / static_cast<double>(samples.size());
}

}  // namespace
}  // namespace tocsin::series

int main() {
  namespace series = tocsin::series;
  std::printf(
      "| series, polled at 15 s | bits, 64 in a chunk | bits, 240 in a chunk |"
      " whole bytes, 240 | late by 0 to 3 ms: bits, 240 |\n|---|---|---|---|---|\n");
  for (const series::Shape& shape : series::shapes()) {
    const auto even = series::samples_of(shape, false);
    const auto late = series::samples_of(shape, true);
    std::printf("| %s | %.2f | %.2f | %.2f | %.2f |\n", shape.name, series::gorilla(even, 64),
                series::gorilla(even, 240), series::varints(even, 240), series::gorilla(late, 240));
  }
  return 0;
}
