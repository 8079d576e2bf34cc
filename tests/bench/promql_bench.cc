// What one look at typical rule expressions costs: pinning included, parsing not.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "promql/query.h"
#include "series/store.h"

namespace tocsin::promql {
namespace {

constexpr std::int64_t kStart = 1'767'225'600'000;
constexpr std::int64_t kStep = 5'000;
constexpr int kPolls = 720;
constexpr int kSeries = 200;

/// An hour of polls at 5 s: counters by code and path, a gauge per path, and a histogram.
const series::Store& hour() {
  static const auto kStore = [] {
    auto filled = std::make_unique<series::Store>(series::StoreOptions{});
    for (int poll = 0; poll < kPolls; ++poll) {
      series::Appender appender = filled->appender(1);
      const auto add = [&](const model::Labels& labels, double value) {
        benchmark::DoNotOptimize(appender.append(labels, {kStart + poll * kStep, value}));
      };
      for (int i = 0; i < kSeries; ++i) {
        const std::string path = "/api/" + std::to_string(i);
        add({{"__name__", "requests_total"},
             {"service", i % 2 == 0 ? "shop" : "pay"},
             {"code", i % 10 == 0 ? "500" : "200"},
             {"path", path}},
            1'000 + poll * (1 + i % 7));
        add({{"__name__", "queue_length"}, {"path", path}}, (poll * 7 + i) % 90);
        add({{"__name__", "request_seconds_bucket"},
             {"le", std::to_string(1 << (i % 10))},
             {"path", std::to_string(i / 10)}},
            poll * (i % 10));
      }
      appender.commit();
    }
    return filled;
  }();
  return *kStore;
}

void evaluate_rule(benchmark::State& state, const std::string& expression) {
  const auto query = parse(expression);
  if (!query) {
    state.SkipWithError("the expression does not parse");
    return;
  }
  const series::Store& store = hour();
  const EvalOptions options;
  const base::WallTime now = base::from_millis(kStart + (kPolls - 1) * kStep);
  for (auto _ : state) {
    const auto wanted = selections(*query, now, options);
    benchmark::DoNotOptimize(evaluate(*query, now, store.snapshot(wanted), options));
  }
}
BENCHMARK_CAPTURE(evaluate_rule, threshold_one_series, "queue_length{path=\"/api/42\"} > 80");
BENCHMARK_CAPTURE(evaluate_rule, threshold_200_series, "queue_length > 80");
BENCHMARK_CAPTURE(evaluate_rule, threshold_of_rate_200_series,
                  "sum by (service) (rate(requests_total[5m])) > 1e6");
BENCHMARK_CAPTURE(evaluate_rule, increase_5m, "increase(requests_total{code=\"500\"}[5m]) > 1000");
BENCHMARK_CAPTURE(evaluate_rule, error_ratio,
                  "sum by (service) (rate(requests_total{code=~\"5..\"}[5m])) / "
                  "sum by (service) (rate(requests_total[5m])) > 0.05");
BENCHMARK_CAPTURE(evaluate_rule, quantile,
                  "histogram_quantile(0.95, sum by (path, le) "
                  "(rate(request_seconds_bucket[5m]))) > 1");
BENCHMARK_CAPTURE(evaluate_rule, ratio, "queue_length / queue_length > 2");
BENCHMARK_CAPTURE(evaluate_rule, subquery_1h,
                  "max_over_time((queue_length / queue_length)[1h:30s]) > 2");
BENCHMARK_CAPTURE(evaluate_rule, subquery_of_rate_1h,
                  "max_over_time(sum by (service) (rate(requests_total[5m]))[1h:30s]) > 1e6");
BENCHMARK_CAPTURE(evaluate_rule, subquery_of_nothing_12h,
                  "avg_over_time((nothing or on () vector(100))[12h:]) > 100");
BENCHMARK_CAPTURE(evaluate_rule, predict_1h, "predict_linear(queue_length[1h], 4 * 3600) < 0");

// Dashboards: many series, and range queries of an hour at 15 s.

constexpr std::int64_t kScrape = 15'000;
constexpr int kHourOfScrapes = 300;  // and a quarter: for the ranges before the first step

/// 10,000 counters and gauges, 1,000 histograms of 12 buckets, and one info series per instance.
const series::Store& fleet() {
  static const auto store = [] {
    auto filled = std::make_unique<series::Store>(series::StoreOptions{});
    for (int scrape = 0; scrape < kHourOfScrapes; ++scrape) {
      series::Appender appender = filled->appender(1);
      const auto add = [&](const model::Labels& labels, double value) {
        benchmark::DoNotOptimize(appender.append(labels, {kStart + scrape * kScrape, value}));
      };
      for (int i = 0; i < 10'000; ++i) {
        const std::string instance = "host-" + std::to_string(i % 500);
        const std::string path = "/api/" + std::to_string(i / 500);
        add({{"__name__", "c_total"}, {"instance", instance}, {"path", path}, {"x", path}},
            scrape * (1.0 + i % 7) + i * 0.1);
        if (i < 500) {
          add({{"__name__", "node_info"}, {"instance", instance}, {"rack", path}}, 1);
        }
      }
      for (int i = 0; i < 12'000; ++i) {
        const int bucket = i % 12;
        add({{"__name__", "h_bucket"},
             {"h", std::to_string(i / 12)},
             {"le", bucket == 11 ? "+Inf" : std::to_string(1 << bucket)}},
            scrape * (bucket + 1.0));
      }
      appender.commit();
    }
    return filled;
  }();
  return *store;
}

/// 100 gauges over 25 hours.
const series::Store& day() {
  static const auto store = [] {
    auto filled = std::make_unique<series::Store>(series::StoreOptions{});
    for (int scrape = 0; scrape < 25 * 240; ++scrape) {
      series::Appender appender = filled->appender(1);
      for (int i = 0; i < 100; ++i) {
        const model::Labels labels{{"__name__", "g"}, {"i", std::to_string(i)}};
        benchmark::DoNotOptimize(
            appender.append(labels, {kStart + scrape * kScrape, (scrape * 7 + i) % 91 * 0.37}));
      }
      appender.commit();
    }
    return filled;
  }();
  return *store;
}

void dashboard(benchmark::State& state, const series::Store& store, base::WallTime end,
               const std::string& expression, bool range) {
  const auto query = parse(expression);
  if (!query) {
    state.SkipWithError("the expression does not parse");
    return;
  }
  const EvalOptions options;
  const RangeTimes times{end - std::chrono::hours(1), end, base::Duration(kScrape)};
  for (auto _ : state) {
    const auto wanted =
        range ? selections(*query, times, options) : selections(*query, end, options);
    const auto snapshot = store.snapshot(wanted);
    if (range) {
      benchmark::DoNotOptimize(evaluate(*query, times, snapshot, options));
    } else {
      benchmark::DoNotOptimize(evaluate(*query, end, snapshot, options));
    }
  }
}

void of_fleet(benchmark::State& state, const std::string& expression, bool range) {
  dashboard(state, fleet(), base::from_millis(kStart + (kHourOfScrapes - 1) * kScrape + 1'000),
            expression, range);
}
void of_day(benchmark::State& state, const std::string& expression, bool range) {
  dashboard(state, day(), base::from_millis(kStart + 25 * 240 * kScrape), expression, range);
}
// NOLINTBEGIN(cppcoreguidelines-macro-usage)
#define TOCSIN_DASHBOARD(store, name, expression)                                             \
  BENCHMARK_CAPTURE(store, name##_instant, expression, false)->Unit(benchmark::kMillisecond); \
  BENCHMARK_CAPTURE(store, name##_range, expression, true)->Unit(benchmark::kMillisecond)
// NOLINTEND(cppcoreguidelines-macro-usage)
TOCSIN_DASHBOARD(of_fleet, sum_rate_10k, "sum by (x) (rate(c_total[5m]))");
TOCSIN_DASHBOARD(of_fleet, quantile_1k, "histogram_quantile(0.9, rate(h_bucket[5m]))");
TOCSIN_DASHBOARD(of_fleet, topk, "topk(10, rate(c_total[5m]))");
TOCSIN_DASHBOARD(of_fleet, join, "c_total * on (instance) group_left (rack) node_info");
TOCSIN_DASHBOARD(of_fleet, max, "max by (x) (c_total)");
TOCSIN_DASHBOARD(of_day, avg_1d, "avg_over_time(g[1d])");
TOCSIN_DASHBOARD(of_day, max_1d, "max_over_time(g[1d])");
TOCSIN_DASHBOARD(of_day, quantile_6h, "quantile_over_time(0.9, g[6h])");
TOCSIN_DASHBOARD(of_day, stddev_6h, "stddev_over_time(g[6h])");

void parse_rule(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        parse("sum by (service) (rate(requests_total{code=~\"5..\"}[5m])) / "
              "sum by (service) (rate(requests_total[5m])) > 0.05"));
  }
}
BENCHMARK(parse_rule);

}  // namespace
}  // namespace tocsin::promql
