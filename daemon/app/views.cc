#include "app/views.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "app/version.h"
#include "app/view_mapping.h"
#include "async/deadline.h"
#include "promql/query.h"

namespace tocsin::app {
namespace {

constexpr std::size_t kPage = 1000;
/// How long an answer waits for the journal, which may lie on a disk that hangs.
constexpr base::Duration kJournalPatience = std::chrono::seconds(5);
constexpr std::string_view kJournalSilent = "the journal does not answer";
/// Samples from which a query leaves much memory behind.
constexpr std::uint64_t kLargeQuery = 500'000;

bool wanted(const api::IncidentFilter& filter, const api::IncidentView& view) {
  return filter.states.empty() ||
         std::ranges::find(filter.states, view.state) != filter.states.end();
}

}  // namespace

DaemonViews::DaemonViews(Parts parts) : parts_(std::move(parts)) {}

std::vector<api::RuleGroupView> DaemonViews::rule_groups() const {
  std::vector<api::RuleGroupView> groups;
  for (const rules::GroupView& group :
       parts_.pipeline.core().engine().view(parts_.clock.wall_now())) {
    groups.push_back(to_view(group));
  }
  return groups;
}

std::vector<api::TargetView> DaemonViews::targets() const {
  std::vector<api::TargetView> targets;
  for (const sources::TargetStatus& status : parts_.feed.statuses()) {
    targets.push_back(to_view(status));
    if (const auto sharpness = parts_.feed.sharpness(status.origin)) {
      targets.back().sharpness = {.active = sharpness->active,
                                  .interval = sharpness->interval,
                                  .left_alone = sharpness->left_alone,
                                  .extra_polls = sharpness->extra_polls};
    }
  }
  return targets;
}

async::Task<base::Result<std::vector<std::string>>> DaemonViews::incident_ids(std::size_t limit) {
  std::deque<std::string> newest;
  journal::RecordQuery query{.type_prefix = "incident.opened", .subject = "", .limit = kPage};
  while (true) {
    auto page = co_await parts_.journal.query(query);
    if (!page) {
      co_return page.error();
    }
    for (const model::Record& record : *page) {
      newest.push_front(record.subject);
      query.after_sequence = record.sequence;
    }
    while (newest.size() > limit) {
      newest.pop_back();
    }
    if (page->size() < kPage) {
      break;
    }
  }
  co_return std::vector<std::string>(newest.begin(), newest.end());
}

async::Task<base::Result<incidents::Incident>> DaemonViews::find_incident(std::string id) {
  // A live incident is whole in memory; its newest records may not be written yet.
  if (const auto live = parts_.pipeline.core().incidents().find(id)) {
    co_return *live;
  }
  const base::MonotonicTime deadline = parts_.clock.monotonic_now() + kJournalPatience;
  auto stored = co_await async::with_deadline(parts_.timers, deadline, stored_incident(id));
  if (!stored && stored.error().code() == base::ErrorCode::kTimeout) {
    co_return base::Error(base::ErrorCode::kTimeout, std::string(kJournalSilent));
  }
  co_return stored;
}

async::Task<base::Result<incidents::Incident>> DaemonViews::stored_incident(std::string id) {
  journal::RecordQuery query{.type_prefix = "incident.", .subject = id, .limit = kPage};
  std::vector<model::Record> records;
  while (true) {
    auto page = co_await parts_.journal.query(query);
    if (!page) {
      co_return page.error();
    }
    const std::size_t size = page->size();
    std::ranges::move(*page, std::back_inserter(records));
    if (size < kPage) {
      break;
    }
    query.after_sequence = records.back().sequence;
  }
  if (records.empty()) {
    co_return base::Error(base::ErrorCode::kNotFound, "no such incident: " + id);
  }
  co_return incidents::fold(records);
}

async::Task<base::Result<std::vector<api::IncidentView>>> DaemonViews::ended_incidents(
    api::IncidentFilter filter) {
  // Filters look at the fold, so more are read than shown.
  const std::size_t candidates = filter.states.empty() ? filter.limit : filter.limit * 10;
  auto ids = co_await incident_ids(candidates);
  if (!ids) {
    co_return ids.error();
  }
  std::vector<api::IncidentView> views;
  for (const std::string& id : *ids) {
    if (views.size() >= filter.limit) {
      break;
    }
    if (parts_.pipeline.core().incidents().find(id)) {
      continue;
    }
    auto incident = co_await stored_incident(id);
    if (!incident) {
      continue;  // damaged records are reported at the start
    }
    api::IncidentView view = to_view(*incident);
    if (wanted(filter, view)) {
      views.push_back(std::move(view));
    }
  }
  co_return views;
}

async::Task<base::Result<api::IncidentList>> DaemonViews::incidents(api::IncidentFilter filter) {
  api::IncidentList list;
  for (const auto& live : parts_.pipeline.core().incidents().live()) {
    api::IncidentView view = to_view(*live);
    if (wanted(filter, view)) {
      list.incidents.push_back(std::move(view));
    }
  }
  const base::MonotonicTime deadline = parts_.clock.monotonic_now() + kJournalPatience;
  auto ended = co_await async::with_deadline(parts_.timers, deadline, ended_incidents(filter));
  if (ended) {
    std::ranges::move(*ended, std::back_inserter(list.incidents));
  } else if (ended.error().code() == base::ErrorCode::kCancelled) {
    co_return ended.error();
  } else {
    // Whoever asks now has an incident before him; those that are live are known without it.
    const std::string why = ended.error().code() == base::ErrorCode::kTimeout
                                ? std::string(kJournalSilent)
                                : ended.error().message();
    list.warnings.push_back("only live incidents are listed: " + why);
  }
  std::ranges::stable_sort(list.incidents, std::ranges::greater(), &api::IncidentView::detected_at);
  if (list.incidents.size() > filter.limit) {
    list.incidents.resize(filter.limit);
  }
  co_return list;
}

async::Task<base::Result<api::IncidentDetail>> DaemonViews::incident(std::string id) {
  auto incident = co_await find_incident(std::move(id));
  if (!incident) {
    co_return incident.error();
  }
  co_return to_detail(*incident);
}

api::Readiness DaemonViews::readiness() const { return parts_.readiness(); }

std::string DaemonViews::metrics() const {
  parts_.refresh_metrics();
  return parts_.metrics.page();
}

api::BuildView DaemonViews::build() const {
  return {.version = std::string(kVersion),
          .revision = "",
          .build_date = "",
          .compiler = std::string(kCompiler)};
}

base::Result<promql::Query> DaemonViews::parse(const std::string& expression) {
  return promql::parse(expression, parts_.pipeline.core().engine_options().parse);
}

promql::EvalOptions DaemonViews::eval_options() const {
  return parts_.pipeline.core().engine_options().promql;
}

series::Snapshot DaemonViews::snapshot(std::span<const series::Selection> selections) {
  return parts_.store.snapshot(selections);
}

async::Task<base::Result<series::Snapshot>> DaemonViews::read(
    std::vector<series::Selection> selections) {
  const auto older = co_await parts_.pipeline.load(selections);
  if (!older) {
    co_return older.error();
  }
  co_return parts_.store.snapshot(selections, *older);
}

async::Task<base::Status> DaemonViews::offload(Work work) {
  return parts_.query_pool.run(std::move(work));
}

void DaemonViews::report(const api::QueryReport& report) {
  Metrics& metrics = parts_.metrics;
  metrics.api_queries_total.Add({{"outcome", std::string(report.outcome)}}).Increment();
  metrics.api_query_samples_total.Increment(static_cast<double>(report.samples));
  if (report.samples >= kLargeQuery) {
    parts_.after_large_query();
  }
  metrics.query_slice("queue").Observe(report.queue_seconds);
  metrics.query_slice("prepare").Observe(report.prepare_seconds);
  metrics.query_slice("evaluate").Observe(report.evaluate_seconds);
  metrics.query_slice("encode").Observe(report.encode_seconds);
}

}  // namespace tocsin::app
