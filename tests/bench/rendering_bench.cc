// What a notice costs in the default templates.
#include <benchmark/benchmark.h>

#include <string>

#include "model/notice.h"
#include "rendering/renderer.h"

namespace tocsin::rendering {
namespace {

model::Notice notice(int alerts) {
  const base::WallTime start = base::from_millis(1'767'225'600'000);
  model::Notice made;
  made.receiver = "oncall";
  made.group_labels = {{"alertname", "OrdersFail"}};
  made.common_labels = {{"alertname", "OrdersFail"}, {"severity", "critical"}};
  for (int i = 0; i < alerts; ++i) {
    model::Alert alert;
    alert.labels = {{"alertname", "OrdersFail"},
                    {"severity", "critical"},
                    {"partner", "partner-" + std::to_string(i)}};
    alert.annotations = {{"summary", "orders to a partner fail"},
                         {"description", "more than 1000 in five minutes"}};
    alert.state = model::AlertState::kFiring;
    alert.active_at = start;
    alert.fired_at = start;
    made.alerts.push_back(alert);
  }
  made.external_url = "http://127.0.0.1:9746";
  made.created_at = start;
  return made;
}

void default_text(benchmark::State& state, const std::string& text) {
  const auto renderer = Renderer::make();
  const auto compiled = renderer->compile(text);
  if (!compiled) {
    state.SkipWithError("the template does not parse");
    return;
  }
  const model::Notice made = notice(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(renderer->render(*compiled, made));
  }
}
BENCHMARK_CAPTURE(default_text, slack_text, "{{ template \"slack.default.text\" . }}")
    ->Arg(1)
    ->Arg(100);
BENCHMARK_CAPTURE(default_text, email_subject, "{{ template \"email.default.subject\" . }}")
    ->Arg(1);

void make_renderer(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(Renderer::make());
  }
}
BENCHMARK(make_renderer);

}  // namespace
}  // namespace tocsin::rendering
