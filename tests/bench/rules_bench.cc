// What a batch costs in the rule engine: waking, planning, evaluating and deciding.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "rules/engine.h"
#include "rules/rule_file.h"
#include "rules/templating.h"
#include "series/store.h"

namespace tocsin::rules {
namespace {

std::string rule_file(int rules) {
  std::string text = "groups:\n- name: bench\n  rules:\n";
  for (int i = 0; i < rules; ++i) {
    const std::string n = std::to_string(i);
    text += "  - alert: Queue" + n + "\n    expr: queue_length{queue=\"" + n +
            "\"} > 80\n    for: 1m\n    labels: {severity: warning}\n    annotations: {summary: "
            "\"queue {{ $labels.queue }} has {{ $value | humanize }}\"}\n";
  }
  return text;
}

/// A store and an engine on hand-set time; one target delivers a gauge for each rule.
class Bench {
 public:
  explicit Bench(int rules)
      : engine_(options_, [](const std::string&, base::WallTime) -> base::Result<promql::Vector> {
          return promql::Vector();
        }) {
    yaml::Problems problems;
    RuleFile file = decode(rule_file(rules), "bench.yml", {}, problems);
    take(engine_.load(std::move(file.groups), {}, wall_, mono_));
    take(engine_.finish_restore(wall_, mono_));
    engine_.set_live_origins({{1, std::chrono::seconds(5)}}, mono_);
    for (int i = 0; i < rules; ++i) {
      labels_.push_back(model::Labels{{"__name__", "queue_length"}, {"queue", std::to_string(i)}});
    }
  }

  /// One poll and the rounds that follow; returns how many rules were looked at.
  std::size_t poll(double value) {
    wall_ += std::chrono::seconds(5);
    mono_ += std::chrono::seconds(5);
    series::Appender appender = store_.appender(1);
    for (const model::Labels& labels : labels_) {
      benchmark::DoNotOptimize(appender.append(labels, {base::to_millis(wall_), value}));
    }
    const series::CommitResult committed = appender.commit();
    engine_.on_arrival({1, true, mono_, committed.created}, wall_, mono_);
    std::size_t looks = 0;
    while (auto stage = engine_.plan_round(wall_, mono_)) {
      std::vector<JobResult> results;
      for (const Job& job : stage->jobs) {
        results.push_back(evaluate(job, live_snapshot(job, store_), options_));
      }
      looks += results.size();
      take(engine_.decide(std::move(results), wall_, mono_));
    }
    if (++polls_ % 60 == 0) {
      store_.expire(wall_);
    }
    return looks;
  }

 private:
  void take(const Decision& decision) {
    for (const model::Record& record : decision.records) {
      benchmark::DoNotOptimize(engine_.apply(record));
    }
    if (decision.samples.empty()) {
      return;
    }
    series::Appender appender = store_.appender(0);
    for (const RecordedSample& recorded : decision.samples) {
      benchmark::DoNotOptimize(appender.put(recorded.labels, recorded.sample));
    }
    appender.commit();
  }

  EngineOptions options_;
  series::Store store_{{.retention = std::chrono::minutes(10)}};
  Engine engine_;
  std::vector<model::Labels> labels_;
  base::WallTime wall_ = base::from_millis(1'767'225'600'000);
  base::MonotonicTime mono_{std::chrono::seconds(1)};
  std::size_t polls_ = 0;
};

/// `value` 0: every rule is calm; 100: every rule has its alert.
void batch(benchmark::State& state, double value) {
  Bench bench(static_cast<int>(state.range(0)));
  bench.poll(value);
  std::size_t looks = 0;
  for (auto _ : state) {
    looks += bench.poll(value);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(looks));
}
BENCHMARK_CAPTURE(batch, calm, 0)->Arg(1)->Arg(50)->Arg(1000);
BENCHMARK_CAPTURE(batch, firing, 100)->Arg(1)->Arg(50)->Arg(1000);

void annotation(benchmark::State& state) {
  const EngineOptions options;
  TemplateContext context(options, [](const std::string&, base::WallTime) {
    return base::Result<promql::Vector>(promql::Vector());
  });
  RuleTemplates annotations;
  annotations.emplace_back("summary",
                           *RuleTemplate::parse("bench",
                                                "queue {{ $labels.queue }} on {{ $labels.instance "
                                                "}} has {{ $value | humanize }}"));
  const promql::Vector elements = {
      {{{"__name__", "queue_length"}, {"queue", "7"}, {"instance", "a:80"}}, 0, 1234.5}};
  std::vector<std::string> errors;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        expand_candidates("Bench", {}, annotations, elements, context, errors));
  }
}
BENCHMARK(annotation);

}  // namespace
}  // namespace tocsin::rules
