#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "api/views.h"
#include "app/config.h"
#include "app/feed.h"
#include "app/metrics.h"
#include "app/pipeline.h"
#include "async/timers.h"
#include "async/worker_pool.h"
#include "base/clock.h"
#include "journal/journal.h"
#include "series/store.h"

namespace tocsin::app {

/// Shows the daemon's state to the API and runs its queries. Main loop only.
class DaemonViews final : public api::Views, public api::Queries {
 public:
  struct Parts {
    Pipeline& pipeline;
    Feed& feed;
    journal::Journal& journal;
    series::Store& store;
    Metrics& metrics;
    const base::Clock& clock;
    async::Timers& timers;
    async::WorkerPool& query_pool;          ///< for queries alone
    std::function<const Config&()> config;  ///< the one that runs
    std::function<api::RuntimeView()> runtime;
    std::function<void()> after_large_query;
    std::function<void()> refresh_metrics;
    std::function<api::Readiness()> readiness;
  };
  explicit DaemonViews(Parts parts);

  std::vector<api::RuleGroupView> rule_groups() const override;
  std::vector<api::TargetView> targets() const override;
  async::Task<base::Result<api::IncidentList>> incidents(api::IncidentFilter filter) override;
  async::Task<base::Result<api::IncidentDetail>> incident(std::string id) override;
  api::Readiness readiness() const override;
  std::string metrics() const override;
  api::BuildView build() const override;
  std::vector<api::TargetMetadata> metadata() const override;
  api::RuntimeView runtime() const override;
  std::string config() const override;
  std::map<std::string, std::string> flags() const override;
  std::vector<std::string> alertmanagers() const override;

  base::Result<promql::Query> parse(const std::string& expression) override;
  promql::EvalOptions eval_options() const override;
  series::Snapshot snapshot(std::span<const series::Selection> selections) override;
  async::Task<base::Result<series::Snapshot>> read(
      std::vector<series::Selection> selections) override;
  async::Task<base::Status> offload(Work work) override;
  void report(const api::QueryReport& report) override;

 private:
  async::Task<base::Result<incidents::Incident>> find_incident(std::string id);
  async::Task<base::Result<incidents::Incident>> stored_incident(std::string id);
  async::Task<base::Result<std::vector<api::IncidentView>>> ended_incidents(
      api::IncidentFilter filter);
  async::Task<base::Result<std::vector<std::string>>> incident_ids(std::size_t limit);

  Parts parts_;
};

}  // namespace tocsin::app
