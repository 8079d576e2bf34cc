#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "model/histogram.h"
#include "model/matcher.h"
#include "promql/query.h"
#include "support/memory_series.h"

namespace {

using tocsin::model::Labels;
using tocsin::model::Sample;
using tocsin::testing::MemorySeries;

constexpr int kSamples = 40;

// Native histograms: a counter with a reset and a gap, custom buckets, and one that turns into
// floats.
void add_histograms(MemorySeries& world) {
  for (const char* layout : {"exponential", "custom", "mixed"}) {
    tocsin::series::Points points;
    for (int i = 0; i < kSamples; ++i) {
      const std::int64_t time_ms = i * 15'000LL;
      if (layout[0] == 'm' && i % 10 < 3) {
        points.floats.push_back({time_ms, 1.0 * i});
        continue;
      }
      auto histogram = std::make_shared<tocsin::model::Histogram>();
      const double n = i % 23 + 1;
      histogram->count = 6 * n;
      histogram->sum = 10 * n;
      if (layout[0] == 'c') {
        histogram->schema = tocsin::model::Histogram::kCustomSchema;
        histogram->bounds = {1, 5};
        histogram->positive = {{0, n}, {1, 2 * n}, {2, 3 * n}};
      } else {
        histogram->schema = i > 30 ? 1 : 0;
        histogram->zero_threshold = 0.001;
        histogram->zero_count = n;
        histogram->positive = {{0, n}, {2, 2 * n}};
        histogram->negative = {{1, 2 * n}};
      }
      if (i % 11 != 5) {
        points.histograms.push_back({time_ms, std::move(histogram), 0});
      }
    }
    world.add(Labels{{"__name__", "x"}, {"instance", "0"}, {"layout", layout}}, std::move(points));
  }
}

// A few series of every kind: counters with resets, gauges, gaps, stale markers, NaN, infinities,
// classic buckets and an info series.
MemorySeries make_world() {
  MemorySeries world;
  for (const char* kind : {"gauge", "counter", "label only"}) {
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
      const bool typed = kind[0] != 'l';
      world.add(Labels{{"__name__", "x"},
                       {typed ? "__type__" : "kind", kind},
                       {"instance", instance},
                       {"job", "a"}},
                samples);
    }
  }
  for (const char* bound : {"0.1", "1", "+Inf", "bad"}) {
    std::vector<Sample> samples;
    for (int i = 0; i < kSamples; ++i) {
      samples.push_back({i * 15'000LL, i * (bound[0] == '+' ? 3.0 : 1.0)});
    }
    world.add(Labels{{"__name__", "x"}, {"le", bound}}, samples);
  }
  add_histograms(world);
  return world;
}

// What a selector pins: every series of the world, under the name that the selector asks for, so
// that whatever name a query has meets series of all kinds. Other matchers count.
tocsin::series::Snapshot pin(const std::vector<tocsin::series::Selection>& selections) {
  static const MemorySeries world = make_world();
  static const tocsin::series::Selection everything{{}, 0, 600'000};
  static const tocsin::series::Snapshot whole = world.snapshot(std::span(&everything, 1));
  std::vector<std::vector<tocsin::series::PinnedSeries>> lists;
  for (const auto& selection : selections) {
    std::string name = "x";
    tocsin::model::Matchers others;
    for (const auto& matcher : selection.matchers) {
      if (matcher.name() != tocsin::model::kMetricName) {
        others.push_back(matcher);
      } else if (matcher.kind() == tocsin::model::MatchKind::kEqual && !matcher.value().empty()) {
        name = matcher.value();
      }
    }
    auto& list = lists.emplace_back();
    for (const auto& series : whole.series(0)) {
      if (tocsin::model::match_all(others, series.labels)) {
        list.push_back(series);
        list.back().labels =
            tocsin::model::LabelsBuilder(series.labels).set("__name__", name).build();
      }
    }
  }
  return tocsin::series::Snapshot(std::move(lists));
}

}  // namespace

/// Any query over a small world: every evaluation ends, within its limits, with a result or an
/// error, as an instant query and as a range query, with metric names dropped early or late.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace base = tocsin::base;
  namespace promql = tocsin::promql;
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
    const auto pinned = pin(promql::selections(*query, at, options));
    const auto value = promql::evaluate(*query, at, pinned, options);
    TOCSIN_CHECK(value || !value.error().message().empty(), "an error without a text");
    const promql::RangeTimes times{base::from_millis(0), base::from_millis(300'000),
                                   base::Duration(60'000)};
    const auto pinned_range = pin(promql::selections(*query, times, options));
    const auto matrix = promql::evaluate(*query, times, pinned_range, options);
    TOCSIN_CHECK(!matrix || std::holds_alternative<promql::Matrix>(matrix->value),
                 "a range query without a matrix");
  }
  return 0;
}
