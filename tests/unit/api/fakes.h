#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "api/views.h"
#include "promql/query.h"
#include "support/simulation.h"

namespace tocsin::api {

/// State that a test fills in.
class FakeViews final : public Views {
 public:
  std::vector<RuleGroupView> groups;
  std::vector<TargetView> all_targets;
  std::map<std::string, IncidentDetail> details;
  Readiness now{true, "ready"};
  IncidentFilter asked;

  std::vector<RuleGroupView> rule_groups() const override { return groups; }
  std::vector<TargetView> targets() const override { return all_targets; }
  async::Task<base::Result<std::vector<IncidentView>>> incidents(IncidentFilter filter) override {
    asked = filter;
    std::vector<IncidentView> found;
    for (const auto& [id, detail] : details) {
      found.push_back(detail.incident);
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
  BuildView build() const override { return {"0.1.0", "abc", "20260101", "gcc 12"}; }
};

/// Answers queries from a function, after a time.
class FakeQueries final : public Queries {
 public:
  explicit FakeQueries(testing::Simulation* simulation = nullptr) : simulation_(simulation) {}

  std::function<base::Result<promql::Evaluation>(base::WallTime)> answer;
  std::chrono::seconds takes{0};
  std::vector<model::Labels> all_series;
  std::vector<std::string> asked_selectors;
  std::vector<std::string> parsed;
  std::size_t running = 0;
  std::size_t most_running = 0;

  base::Result<promql::Query> parse(const std::string& expression) override {
    parsed.push_back(expression);
    if (expression.empty() || expression == "sum(") {
      return base::Error(base::ErrorCode::kInvalidInput, "parse error: no")
          .at({.file = "", .line = 1, .column = 5});
    }
    return promql::parse(expression);
  }
  async::Task<base::Result<promql::Evaluation>> evaluate(promql::Query, base::WallTime time,
                                                         base::MonotonicTime) override {
    ++running;
    most_running = std::max(most_running, running);
    if (simulation_ != nullptr && takes.count() > 0) {
      const base::MonotonicTime until = simulation_->clock().monotonic_now() + takes;
      const base::Status slept = co_await simulation_->timers().sleep_until(until);
      if (!slept) {
        --running;
        co_return slept.error();
      }
    }
    --running;
    co_return answer(time);
  }
  async::Task<base::Result<std::vector<model::Labels>>> series(std::vector<std::string> selectors,
                                                               base::WallTime,
                                                               base::WallTime) override {
    asked_selectors = selectors;
    if (!selectors.empty() && selectors[0] == "bad(") {
      co_return base::Error(base::ErrorCode::kInvalidInput, "parse error");
    }
    co_return all_series;
  }

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

inline promql::Evaluation scalar_of(base::WallTime time, double value) {
  promql::Evaluation evaluation;
  evaluation.value = promql::Scalar{base::to_millis(time), value};
  return evaluation;
}

}  // namespace tocsin::api
