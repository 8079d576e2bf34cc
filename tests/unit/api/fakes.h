#pragma once

#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "api/views.h"
#include "promql/query.h"
#include "support/memory_series.h"
#include "support/simulation.h"

namespace tocsin::api {

/// State that a test fills in.
class FakeViews final : public Views {
 public:
  std::vector<RuleGroupView> groups;
  std::vector<TargetView> all_targets;
  std::map<std::string, IncidentDetail> details;
  Readiness now{true, "ready"};
  std::vector<TargetMetadata> all_metadata;
  RuntimeView run;
  IncidentFilter asked;

  std::vector<RuleGroupView> rule_groups() const override { return groups; }
  std::vector<TargetView> targets() const override { return all_targets; }
  std::vector<std::string> incident_warnings;
  async::Task<base::Result<IncidentList>> incidents(IncidentFilter filter) override {
    asked = filter;
    IncidentList found{.incidents = {}, .warnings = incident_warnings};
    found.incidents.reserve(details.size());
    for (const auto& [id, detail] : details) {
      found.incidents.push_back(detail.incident);
    }
    co_return found;
  }
  async::Task<base::Result<IncidentDetail>> incident(std::string id) override {
    const auto found = details.find(id);
    if (found == details.end()) {
      co_return base::Error(base::ErrorCode::kNotFound, "no incident " + id);
    }
    co_return found->second;
  }
  Readiness readiness() const override { return now; }
  std::string metrics() const override { return "tocsin_up 1\n"; }
  std::vector<TargetMetadata> metadata() const override { return all_metadata; }
  RuntimeView runtime() const override { return run; }
  std::string config() const override { return "a: <secret>\n"; }
  std::map<std::string, std::string> flags() const override { return {{"query.timeout", "2m"}}; }
  std::vector<std::string> alertmanagers() const override {
    return {"http://a:9093/api/v2/alerts"};
  }
  BuildView build() const override { return {"0.1.0", "abc", "20260101", "gcc 12"}; }
};

/// Series in memory. Work that is handed over takes a time before it is done.
class FakeQueries final : public Queries {
 public:
  explicit FakeQueries(testing::Simulation* simulation = nullptr) : simulation_(simulation) {}

  testing::MemorySeries memory;
  std::chrono::seconds takes{0};
  base::Status refuses;  ///< what offload() says instead of working
  std::vector<std::string> parsed;
  std::vector<QueryReport> reports;
  std::vector<series::Selection> asked;
  std::size_t running = 0;
  std::size_t most_running = 0;

  base::Result<promql::Query> parse(const std::string& expression) override {
    parsed.push_back(expression);
    return promql::parse(expression);
  }
  promql::EvalOptions eval_options() const override { return {}; }
  series::Snapshot snapshot(std::span<const series::Selection> selections) override {
    asked.assign(selections.begin(), selections.end());
    return memory.snapshot(selections);
  }
  async::Task<base::Status> offload(Work work) override {
    if (!refuses) {
      co_return refuses;
    }
    ++running;
    most_running = std::max(most_running, running);
    if (simulation_ != nullptr && takes.count() > 0) {
      const base::MonotonicTime until = simulation_->clock().monotonic_now() + takes;
      const base::Status slept = co_await simulation_->timers().sleep_until(until);
      if (!slept) {
        --running;
        co_return slept;
      }
    }
    --running;
    work();
    co_return base::Status{};
  }
  void report(const QueryReport& report) override { reports.push_back(report); }

 private:
  testing::Simulation* simulation_;
};

class FakeCommands final : public Commands {
 public:
  base::Status result;
  int reloads = 0;
  async::Task<base::Status> reload() override {
    ++reloads;
    co_return result;
  }
};

}  // namespace tocsin::api
