#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "promql/query.h"
#include "support/memory_series.h"

namespace {

using tocsin::model::Labels;
using tocsin::model::Sample;
using tocsin::testing::MemorySeries;

constexpr int kSamples = 40;

// A few series of every kind: counters with resets, gauges, gaps, stale markers, NaN, infinities,
// classic buckets and an info series.
MemorySeries make_world() {
  MemorySeries world;
  const char* names[] = {"metric", "http_requests_total", "target_info", "foo", "bar"};
  for (const char* name : names) {
    for (const char* instance : {"0", "1", "2"}) {
      std::vector<Sample> samples;
      for (int i = 0; i < kSamples; ++i) {
        double value = i % 17 * (instance[0] - '0' + 1);
        if (i == 20) {
          value = tocsin::model::stale_marker();
        } else if (i == 25) {
          value = std::numeric_limits<double>::quiet_NaN();
        } else if (i == 30) {
          value = std::numeric_limits<double>::infinity();
        }
        if (i % 7 != 3) {
          samples.push_back({i * 15'000LL, value});
        }
      }
      world.add(Labels{{"__name__", name}, {"instance", instance}, {"job", "a"}}, samples);
    }
  }
  for (const char* bound : {"0.1", "1", "+Inf", "bad"}) {
    std::vector<Sample> samples;
    for (int i = 0; i < kSamples; ++i) {
      samples.push_back({i * 15'000LL, i * (bound[0] == '+' ? 3.0 : 1.0)});
    }
    world.add(Labels{{"__name__", "request_duration_seconds_bucket"}, {"le", bound}}, samples);
  }
  return world;
}

}  // namespace

/// Any query over a small world: every evaluation ends, within its limits, with a result or an
/// error, as an instant query and as a range query, with metric names dropped early or late.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace base = tocsin::base;
  namespace promql = tocsin::promql;
  static const MemorySeries world = make_world();
  const auto query = promql::parse(std::string_view(reinterpret_cast<const char*>(data), size),
                                   promql::ParseOptions::all());
  if (!query) {
    return 0;
  }
  promql::EvalOptions options;
  options.max_samples = 20'000;
  options.max_steps = 2'000;
  for (const bool delayed : {false, true}) {
    options.delayed_name_removal = delayed;
    const auto at = base::from_millis(300'000);
    const auto pinned = world.snapshot(promql::selections(*query, at, options));
    const auto value = promql::evaluate(*query, at, pinned, options);
    TOCSIN_CHECK(value || !value.error().message().empty(), "an error without a text");
    const promql::RangeTimes times{base::from_millis(0), base::from_millis(300'000),
                                   base::Duration(60'000)};
    const auto pinned_range = world.snapshot(promql::selections(*query, times, options));
    const auto matrix = promql::evaluate(*query, times, pinned_range, options);
    TOCSIN_CHECK(!matrix || std::holds_alternative<promql::Matrix>(matrix->value),
                 "a range query without a matrix");
  }
  return 0;
}
