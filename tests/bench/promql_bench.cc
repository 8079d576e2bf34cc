// What one look at typical rule expressions costs: pinning included, parsing not.
#include <benchmark/benchmark.h>

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
