#include "integration/promql_differential/series_server.h"

#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "api/server.h"
#include "promql/query.h"
#include "series/store.h"

namespace tocsin::differential {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

/// Nothing but series: no rules, targets, incidents or metrics of its own.
class NoViews final : public api::Views {
 public:
  std::vector<api::RuleGroupView> rule_groups() const override { return {}; }
  std::vector<api::TargetView> targets() const override { return {}; }
  async::Task<Result<api::IncidentList>> incidents(api::IncidentFilter) override {
    co_return api::IncidentList{};
  }
  async::Task<Result<api::IncidentDetail>> incident(std::string id) override {
    co_return Error(ErrorCode::kNotFound, "no such incident: " + id);
  }
  api::Readiness readiness() const override { return {.ready = true, .text = "ready"}; }
  std::string metrics() const override { return {}; }
  api::BuildView build() const override { return {}; }
  std::vector<api::TargetMetadata> metadata() const override { return {}; }
  api::RuntimeView runtime() const override { return {}; }
  std::string config() const override { return {}; }
  std::map<std::string, std::string> flags() const override { return {}; }
  std::vector<std::string> alertmanagers() const override { return {}; }
};

class NoCommands final : public api::Commands {
 public:
  async::Task<base::Status> reload() override { co_return base::Status{}; }
};

class StoreQueries final : public api::Queries {
 public:
  explicit StoreQueries(const series::Store& store) : store_(store) {}

  Result<promql::Query> parse(const std::string& expression) override {
    return promql::parse(expression);
  }

  promql::EvalOptions eval_options() const override { return {}; }

  series::Snapshot snapshot(std::span<const series::Selection> selections) override {
    return store_.snapshot(selections);
  }

  // There is nobody else to hold up.
  async::Task<base::Status> offload(Work work) override {
    work();
    co_return base::Status{};
  }

  void report(const api::QueryReport&) override {}

 private:
  const series::Store& store_;
};

}  // namespace

struct SeriesServer::State {
  State(boost::asio::any_io_executor on, const base::Clock& with, async::Timers& waiting)
      : executor(std::move(on)), clock(with), timers(waiting) {}

  boost::asio::any_io_executor executor;
  const base::Clock& clock;
  async::Timers& timers;
  // Nothing is ever too old here.
  series::Store store{{.retention = std::chrono::years(1000), .max_series = 10'000'000}};
  StoreQueries queries{store};
  NoViews views;
  NoCommands commands;
  std::unique_ptr<api::Server> server;
};

SeriesServer::SeriesServer(boost::asio::any_io_executor executor, const base::Clock& clock,
                           async::Timers& timers)
    : state_(std::make_unique<State>(std::move(executor), clock, timers)) {}

SeriesServer::~SeriesServer() = default;

base::Status SeriesServer::add(const SeriesData& series) {
  series::Appender appender = state_->store.appender(0);
  for (const model::Sample& sample : series.samples) {
    const auto outcome = appender.append(series.labels, sample);
    if (!outcome) {
      return outcome.error();
    }
    if (*outcome != series::AppendOutcome::kStored) {
      return Error(ErrorCode::kInvalidInput, "not stored: " + series.labels.to_string());
    }
  }
  appender.commit();
  return {};
}

base::Status SeriesServer::listen(const std::string& host, std::uint16_t port) {
  api::ServerOptions options;
  options.http.host = host;
  options.http.port = port;
  state_->server =
      std::make_unique<api::Server>(state_->executor, state_->clock, state_->timers, state_->views,
                                    state_->queries, state_->commands, options);
  return state_->server->start();
}

std::uint16_t SeriesServer::port() const { return state_->server->port(); }

async::Task<> SeriesServer::stop() {
  if (state_->server) {
    co_await state_->server->stop(std::chrono::seconds(1));
  }
}

}  // namespace tocsin::differential
