#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <memory>
#include <string>

namespace tocsin::app {

/// tocsin's own metrics, on a prometheus-cpp registry. Names: tocsin_<room>_<what>_<unit>[_total].
/// Safe from any thread.
class Metrics {
 public:
  Metrics();

  /// From the arrival of the sample that made an alert fire to the accepted delivery.
  prometheus::Histogram& detection_latency_seconds;
  /// From the arrival of a batch to the end of the evaluation that it woke.
  prometheus::Histogram& evaluation_latency_seconds;
  /// Time that one journal transaction took.
  prometheus::Histogram& journal_commit_seconds;
  prometheus::Gauge& journal_degraded;
  prometheus::Gauge& journal_backlog_records;
  prometheus::Counter& journal_records_total;

  prometheus::Gauge& config_last_reload_successful;
  prometheus::Gauge& config_last_reload_success_seconds;

  prometheus::Gauge& series_live;
  prometheus::Gauge& series_bytes;
  prometheus::Counter& series_samples_total;

  prometheus::Gauge& api_queries_running;
  prometheus::Gauge& api_queries_waiting;
  prometheus::Gauge& api_queries_max;
  prometheus::Counter& api_query_samples_total;
  /// By outcome: ok, or the error type of the answer.
  prometheus::Family<prometheus::Counter>& api_queries_total;
  /// By slice: queue, prepare, evaluate, encode.
  prometheus::Family<prometheus::Histogram>& api_query_seconds;
  prometheus::Histogram& query_slice(const std::string& slice);

  prometheus::Gauge& incidents_live;
  prometheus::Gauge& routing_outbox_notices;
  prometheus::Gauge& routing_outbox_oldest_seconds;
  /// Notices that nobody will get: too old, or too many of them.
  prometheus::Counter& routing_given_up_total;
  prometheus::Gauge& process_start_time_seconds;
  prometheus::Gauge& process_resident_memory_bytes;
  prometheus::Counter& process_cpu_seconds_total;
  /// Addresses of before that were used because a lookup hung or failed.
  prometheus::Counter& net_stand_in_addresses_total;
  /// Looks at rules that had to wait because all evaluation together has a bound.
  prometheus::Counter& rules_evaluations_late_total;
  /// Looks left out meanwhile, and slots of the grid that passed unevaluated.
  prometheus::Counter& rules_evaluations_missed_total;

  /// Groups whose newest version is broken and does not run.
  prometheus::Gauge& rules_quarantined_groups;

  /// By group.
  prometheus::Family<prometheus::Counter>& rules_evaluations_total;
  prometheus::Family<prometheus::Counter>& rules_evaluation_failures_total;
  /// By reason: duplicate, out_of_order, out_of_bounds, series_limit.
  prometheus::Family<prometheus::Counter>& series_refused_total;
  /// By job and whether the poll succeeded.
  prometheus::Family<prometheus::Counter>& sources_polls_total;
  /// Pages of targets by layout: same (as the one before), changed, new (none before).
  prometheus::Family<prometheus::Counter>& sources_pages_total;
  /// Samples on those pages by how their line was read: known (by its place), parsed.
  prometheus::Family<prometheus::Counter>& sources_lines_total;
  /// By kind (remote_write, push) and whether all, some or none of the samples were taken.
  prometheus::Family<prometheus::Counter>& sources_pushes_total;
  /// By receiver, integration and outcome (delivered, retry, refused).
  prometheus::Family<prometheus::Counter>& notifiers_attempts_total;
  /// Begins those of one integration at 0: the first failure is an increase then, and seen.
  void expect_attempts(const std::string& receiver, const std::string& integration);
  prometheus::Family<prometheus::Counter>& incidents_events_total;
  /// Alerts by state.
  prometheus::Family<prometheus::Gauge>& rules_alerts;
  /// Rules whose looks go through what has changed alone, and others.
  prometheus::Family<prometheus::Gauge>& rules_by_evaluation;
  /// Samples that lie at hand for rules.
  prometheus::Gauge& rules_at_hand_bytes;

  prometheus::Registry& registry() { return *registry_; }
  std::vector<prometheus::MetricFamily> collect() const { return registry_->Collect(); }
  /// The page of /metrics, text format 0.0.4.
  std::string page() const;

 private:
  explicit Metrics(std::unique_ptr<prometheus::Registry> registry);
  void begin_at_zero();

  std::unique_ptr<prometheus::Registry> registry_;
};

}  // namespace tocsin::app
