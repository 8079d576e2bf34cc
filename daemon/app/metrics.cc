#include "app/metrics.h"

#include <prometheus/text_serializer.h>

#include "app/version.h"

namespace tocsin::app {
namespace {

using Registry = prometheus::Registry;

const prometheus::Histogram::BucketBoundaries kLatencyBounds = {
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300};

prometheus::Family<prometheus::Counter>& counters(Registry& registry, const char* name,
                                                  const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

prometheus::Counter& counter(Registry& registry, const char* name, const char* help) {
  return counters(registry, name, help).Add({});
}

prometheus::Gauge& gauge(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Histogram& latency(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add({},
                                                                                   kLatencyBounds);
}

}  // namespace

Metrics::Metrics() : Metrics(std::make_unique<Registry>()) {}

Metrics::Metrics(std::unique_ptr<Registry> registry)
    : detection_latency_seconds(latency(*registry, "tocsin_detection_latency_seconds",
                                        "From the sample's arrival to the accepted delivery")),
      evaluation_latency_seconds(latency(*registry, "tocsin_rules_evaluation_latency_seconds",
                                         "From a batch's arrival to the end of its evaluation")),
      journal_commit_seconds(latency(*registry, "tocsin_journal_commit_seconds",
                                     "From a decision to its being durable")),
      journal_degraded(gauge(*registry, "tocsin_journal_degraded",
                             "1 while the journal refuses writes and effects come from memory")),
      journal_backlog_records(gauge(*registry, "tocsin_journal_backlog_inputs",
                                    "Inputs whose records are not written yet")),
      journal_records_total(
          counter(*registry, "tocsin_journal_records_total", "Records handed to the journal")),
      config_last_reload_successful(
          gauge(*registry, "tocsin_config_last_reload_successful",
                "Whether the newest attempt to load succeeded, all rule groups included")),
      config_last_reload_success_seconds(
          gauge(*registry, "tocsin_config_last_reload_success_timestamp_seconds",
                "When a configuration was last loaded")),
      series_live(gauge(*registry, "tocsin_series_live", "Series in memory")),
      series_bytes(gauge(*registry, "tocsin_series_bytes", "Memory of series, estimated")),
      series_samples_total(counter(*registry, "tocsin_series_samples_total", "Samples stored")),
      api_queries_running(gauge(*registry, "tocsin_api_queries", "Queries that run now")),
      api_queries_waiting(
          gauge(*registry, "tocsin_api_queries_waiting", "Queries that wait for their turn")),
      api_queries_max(
          gauge(*registry, "tocsin_api_queries_max", "How many queries may run at once")),
      api_query_samples_total(counter(*registry, "tocsin_api_query_samples_total",
                                      "Samples that queries have looked at")),
      api_queries_total(counters(*registry, "tocsin_api_queries_total",
                                 "Queries by outcome: ok, or the type of the error")),
      api_query_seconds(prometheus::BuildHistogram()
                            .Name("tocsin_api_query_duration_seconds")
                            .Help("Time of queries by slice: queue, prepare, evaluate, encode")
                            .Register(*registry)),
      incidents_live(gauge(*registry, "tocsin_incidents_live", "Incidents open or mitigated")),
      routing_outbox_notices(
          gauge(*registry, "tocsin_routing_outbox_notices", "Notices not delivered yet")),
      routing_outbox_oldest_seconds(gauge(*registry, "tocsin_routing_outbox_oldest_seconds",
                                          "Age of the oldest notice not delivered yet")),
      routing_given_up_total(counter(*registry, "tocsin_routing_given_up_total",
                                     "Notices given up: too old, or too many of them")),
      process_start_time_seconds(
          gauge(*registry, "process_start_time_seconds", "Start of the process, Unix time")),
      process_resident_memory_bytes(
          gauge(*registry, "process_resident_memory_bytes", "Resident memory")),
      process_cpu_seconds_total(
          counter(*registry, "process_cpu_seconds_total", "User and system CPU time")),
      net_stand_in_addresses_total(
          counter(*registry, "tocsin_net_stand_in_addresses_total",
                  "Addresses of before that stood in for a lookup that hung or failed")),
      rules_evaluations_late_total(
          counter(*registry, "tocsin_rules_evaluations_late_total",
                  "Evaluations that waited because all together have a bound")),
      rules_evaluations_missed_total(
          counter(*registry, "tocsin_rules_evaluations_missed_total",
                  "Evaluations left out while they waited, and slots of the grid that passed")),
      rules_quarantined_groups(
          gauge(*registry, "tocsin_rules_quarantined_groups",
                "Rule groups whose newest version is broken and does not run")),
      rules_evaluations_total(
          counters(*registry, "tocsin_rules_evaluations_total", "Evaluations of rules")),
      rules_evaluation_failures_total(
          counters(*registry, "tocsin_rules_evaluation_failures_total", "Evaluations that failed")),
      series_refused_total(
          counters(*registry, "tocsin_series_refused_total",
                   "Samples refused: duplicate (another value at the same time), out_of_order, "
                   "out_of_bounds (too old or in the future), series_limit (of the store)")),
      sources_polls_total(counters(*registry, "tocsin_sources_polls_total", "Polls of targets")),
      sources_pages_total(counters(*registry, "tocsin_sources_pages_total",
                                   "Pages of targets by layout: same as the one before, changed, "
                                   "new (none before)")),
      sources_lines_total(counters(*registry, "tocsin_sources_lines_total",
                                   "Samples on pages of targets by how their line was read: known "
                                   "(by its place on the page before), parsed")),
      sources_pushes_total(counters(*registry, "tocsin_sources_pushes_total",
                                    "Requests that brought samples, by kind and outcome")),
      notifiers_attempts_total(
          counters(*registry, "tocsin_notifiers_attempts_total", "Attempts to deliver a notice")),
      incidents_events_total(counters(*registry, "tocsin_incidents_events_total",
                                      "Incidents opened, updated, mitigated, resolved, reopened")),
      rules_alerts(prometheus::BuildGauge()
                       .Name("tocsin_rules_alerts")
                       .Help("Alerts by state")
                       .Register(*registry)),
      rules_by_evaluation(prometheus::BuildGauge()
                              .Name("tocsin_rules_by_evaluation")
                              .Help("Rules by how much a look at them goes through")
                              .Register(*registry)),
      rules_at_hand_bytes(gauge(*registry, "tocsin_rules_at_hand_bytes",
                                "Bytes of samples that lie at hand for rules")),
      registry_(std::move(registry)) {
  prometheus::BuildGauge()
      .Name("tocsin_build_info")
      .Help("Always 1; the labels say what runs")
      .Register(*registry_)
      .Add({{"version", std::string(kVersion)}, {"compiler", std::string(kCompiler)}})
      .Set(1);
  begin_at_zero();
}

// rate() does not see the first event of a series that begins with it.
void Metrics::begin_at_zero() {
  rules_evaluations_total.Add({});
  for (const char* reason : {"duplicate", "out_of_order", "out_of_bounds", "series_limit"}) {
    series_refused_total.Add({{"reason", reason}});
  }
  for (const char* layout : {"same", "changed", "new"}) {
    sources_pages_total.Add({{"layout", layout}});
  }
  for (const char* read : {"known", "parsed"}) {
    sources_lines_total.Add({{"read", read}});
  }
  for (const char* kind : {"remote_write", "push"}) {
    for (const char* outcome : {"taken", "partial", "refused"}) {
      sources_pushes_total.Add({{"kind", kind}, {"outcome", outcome}});
    }
  }
  for (const char* event : {"opened", "updated", "mitigated", "resolved", "reopened"}) {
    incidents_events_total.Add({{"event", event}});
  }
}

prometheus::Histogram& Metrics::query_slice(const std::string& slice) {
  return api_query_seconds.Add({{"slice", slice}}, kLatencyBounds);
}

void Metrics::expect_attempts(const std::string& receiver, const std::string& integration) {
  for (const char* outcome : {"delivered", "retry", "refused"}) {
    notifiers_attempts_total.Add(
        {{"receiver", receiver}, {"integration", integration}, {"outcome", outcome}});
  }
}

std::string Metrics::page() const {
  return prometheus::TextSerializer().Serialize(registry_->Collect());
}

}  // namespace tocsin::app
