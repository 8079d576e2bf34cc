#include "api/query_run.h"

#include <chrono>
#include <utility>
#include <variant>

#include "api/encode.h"
#include "api/json.h"
#include "net/response_writer.h"

namespace tocsin::api {
namespace {

constexpr std::string_view kTruncated = "results truncated due to limit";
/// As the server does with answers that are not compressed yet.
constexpr std::size_t kGzipFromBytes = 1400;

double seconds(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e9; }

base::Result<promql::Evaluation> evaluate(const QueryRun& run) {
  return run.range ? promql::evaluate(run.query, *run.range, run.snapshot, run.options)
                   : promql::evaluate(run.query, run.time, run.snapshot, run.options);
}

void truncate(promql::Evaluation& evaluation, std::size_t limit) {
  const auto cut = [&](auto& list) {
    if (limit > 0 && list.size() > limit) {
      list.resize(limit);
      evaluation.warnings.emplace_back(kTruncated);
    }
  };
  if (auto* vector = std::get_if<promql::Vector>(&evaluation.value)) {
    cut(*vector);
  } else if (auto* matrix = std::get_if<promql::Matrix>(&evaluation.value)) {
    cut(*matrix);
  }
}

void write_stats(JsonWriter& json, const promql::EvalStats& stats, StatsWish wish,
                 const QueryTimes& times) {
  json.key("stats").begin_object().key("timings").begin_object();
  json.key("evalTotalTime").number(times.prepare + times.evaluate);
  json.key("resultSortTime").number(0);  // results come sorted
  json.key("queryPreparationTime").number(times.prepare);
  json.key("innerEvalTime").number(times.evaluate);
  json.key("execQueueTime").number(times.queue);
  json.key("execTotalTime").number(times.queue + times.prepare + times.evaluate);
  json.end_object().key("samples").begin_object();
  if (wish == StatsWish::kAll && !stats.per_step.empty()) {
    json.key("totalQueryableSamplesPerStep").begin_array();
    for (const auto& [time_ms, samples] : stats.per_step) {
      json.begin_array().raw(format_seconds(time_ms));
      json.integer(static_cast<std::int64_t>(samples)).end_array();
    }
    json.end_array();
  }
  json.key("totalQueryableSamples").integer(static_cast<std::int64_t>(stats.total_samples));
  json.key("peakSamples").integer(static_cast<std::int64_t>(stats.peak_samples));
  json.end_object().end_object();
}

}  // namespace

std::string_view outcome_of(const base::Status& status) {
  return status ? "ok" : error_type(status.error());
}

std::string encode_result(const promql::Evaluation& evaluation, StatsWish wish,
                          const QueryTimes& times) {
  std::string value = encode_value(evaluation.value);
  if (wish == StatsWish::kNone) {
    return value;
  }
  JsonWriter json;
  json.begin_object();
  write_stats(json, evaluation.stats, wish, times);
  json.end_object();
  // Both are objects with members: the second one's go behind the first one's.
  value.back() = ',';
  value += std::string_view(json.take()).substr(1);
  return value;
}

void run(QueryRun& run, const base::Clock& clock) {
  const base::MonotonicTime started = clock.monotonic_now();
  run.times.queue += seconds(started - run.handed_over);
  base::Result<promql::Evaluation> evaluation = evaluate(run);
  run.snapshot = {};
  const base::MonotonicTime evaluated = clock.monotonic_now();
  run.times.evaluate = seconds(evaluated - started);
  if (evaluation) {
    truncate(*evaluation, run.limit);
    run.response = success(encode_result(*evaluation, run.stats, run.times), evaluation->warnings,
                           evaluation->infos);
    run.report.outcome = "ok";
    run.report.samples = evaluation->stats.total_samples;
  } else {
    run.response = failed_query(evaluation.error());
    run.report.outcome = error_type(evaluation.error());
  }
  if (run.gzip) {
    net::compress(run.response, kGzipFromBytes);
  }
  run.report.encode_seconds = seconds(clock.monotonic_now() - evaluated);
}

}  // namespace tocsin::api
