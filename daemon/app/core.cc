#include "app/core.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "model/clock_step.h"

namespace tocsin::app {
namespace {

template <class T>
void append(std::vector<T>& to, std::vector<T> from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

std::optional<base::WallTime> earlier(std::optional<base::WallTime> a,
                                      std::optional<base::WallTime> b) {
  if (!a || !b) {
    return a ? a : b;
  }
  return std::min(*a, *b);
}

// A stop that is shorter counts as watching: a pending alert goes on where it was. Two rounds of
// housekeeping, which is what the end of a watch is known to.
constexpr base::Duration kUnnoticed = std::chrono::minutes(2);

bool same(const rules::EngineOptions& a, const rules::EngineOptions& b) {
  const auto fields = [](const rules::EngineOptions& o) {
    return std::tie(o.evaluation_interval, o.evaluation, o.evaluation_cpu_share, o.resend_delay,
                    o.resolved_retention, o.max_restart_hold, o.no_data, o.no_data_keep,
                    o.external_labels, o.external_url, o.promql.lookback,
                    o.promql.default_subquery_step, o.promql.max_samples);
  };
  return fields(a) == fields(b);
}

}  // namespace

Core::Core(CoreOptions options, rules::QueryFunction query, base::Random& random)
    : engine_options_(std::move(options.engine)),
      query_(std::move(query)),
      engine_(std::make_unique<rules::Engine>(engine_options_, query_)),
      incidents_(std::move(options.incidents)),
      dispatcher_(std::move(options.dispatcher)),
      outbox_(options.outbox),
      random_(random) {}

Outcome Core::reload(CoreOptions options, std::vector<rules::Group> groups,
                     const std::vector<rules::QuarantinedGroup>& quarantined, base::WallTime now,
                     base::MonotonicTime mono) {
  Outcome outcome;
  incidents_.configure(std::move(options.incidents));
  dispatcher_.configure(std::move(options.dispatcher));
  outbox_.configure(options.outbox);
  if (!same(options.engine, engine_options_)) {
    // Intervals and external labels go deep into the engine: a new one takes over the alerts, as
    // after a restart.
    const boost::json::object state = engine_->save();
    engine_options_ = std::move(options.engine);
    engine_ = std::make_unique<rules::Engine>(engine_options_, query_);
    const base::Status loaded = engine_->load_state(state);
    TOCSIN_CHECK(loaded.has_value(), "the rule engine refuses its own state");
    take_engine(engine_->load(std::move(groups), quarantined, now, mono), now, outcome);
    take_engine(engine_->finish_restore(now, mono), now, outcome);
  } else {
    take_engine(engine_->load(std::move(groups), quarantined, now, mono), now, outcome);
  }
  reconcile(now, outcome);
  run_due(now, outcome);
  return outcome;
}

base::Status Core::restore(std::vector<rules::Group> groups,
                           const std::vector<rules::QuarantinedGroup>& quarantined,
                           const std::optional<boost::json::object>& snapshot,
                           std::span<const model::Record> records, base::WallTime now,
                           base::MonotonicTime mono) {
  const rules::Decision loaded = engine_->load(std::move(groups), quarantined, now, mono);
  TOCSIN_CHECK(loaded.records.empty(), "rules without alerts decide nothing");
  if (snapshot) {
    const auto part = [&](std::string_view key) -> boost::json::value {
      const auto* found = snapshot->if_contains(key);
      return found != nullptr ? *found : boost::json::value();
    };
    const boost::json::value rules = part("rules");
    if (!rules.is_object()) {
      return base::Error(base::ErrorCode::kCorrupt, "the stored snapshot has no part for rules");
    }
    for (const base::Status& status :
         {engine_->load_state(rules.get_object()), incidents_.load(part("incidents")),
          dispatcher_.load(part("routing")), outbox_.load(part("outbox"))}) {
      if (!status) {
        return status;
      }
    }
  }
  if (snapshot) {
    if (const auto* time = snapshot->if_contains("time"); time != nullptr && time->is_int64()) {
      last_record_ = base::from_millis(time->get_int64());
    }
  }
  for (const model::Record& record : records) {
    if (base::Status status = apply(record); !status) {
      return std::move(status.error())
          .context("record " + std::to_string(record.sequence) + " (" + record.type + ")");
    }
  }
  return {};
}

base::Status Core::apply(const model::Record& record) {
  last_record_ = record.time;
  if (base::Status status = engine_->apply(record); !status) {
    return status;
  }
  if (base::Status status = incidents_.apply(record); !status) {
    return status;
  }
  if (base::Status status = dispatcher_.apply(record); !status) {
    return status;
  }
  return outbox_.apply(record);
}

void Core::note_written(const model::Record& record, std::uint64_t sequence) {
  if (record.type.starts_with("incident.")) {
    incidents_.note_written(record.subject, sequence);
  }
}

boost::json::object Core::save() const {
  boost::json::object state = {{"rules", engine_->save()},
                               {"incidents", incidents_.save()},
                               {"routing", dispatcher_.save()},
                               {"outbox", outbox_.save()}};
  if (last_record_) {
    state["time"] = base::to_millis(*last_record_);
  }
  return state;
}

Outcome Core::started(base::WallTime now, base::MonotonicTime mono) {
  Outcome outcome;
  const base::Duration away = now - last_record_.value_or(now);
  if (away > kUnnoticed && engine_->alert_counts().pending > 0) {
    take({rules::unwatched_record(now, away)}, outcome);
  }
  take_engine(engine_->finish_restore(now, mono), now, outcome);
  reconcile(now, outcome);
  run_due(now, outcome);
  return outcome;
}

void Core::reconcile(base::WallTime now, Outcome& outcome) {
  std::vector<model::Alert> firing = engine_->firing(now);
  std::erase_if(firing, [](const model::Alert& alert) { return alert.resolved(); });
  incidents::Decision decision = incidents_.decide_reconcile(now, firing);
  append(outcome.events, std::move(decision.events));
  take(std::move(decision.records), outcome);
  dispatch(dispatcher_.decide_reconcile(now, firing), outcome);
}

Outcome Core::on_results(std::vector<rules::JobResult> results, base::WallTime now,
                         base::MonotonicTime mono) {
  Outcome outcome;
  take_engine(engine_->decide(std::move(results), now, mono), now, outcome);
  return outcome;
}

Outcome Core::on_delivery(const model::Notice& notice, const routing::DeliveryOutcome& delivery,
                          base::WallTime now) {
  using Kind = routing::DeliveryOutcome::Kind;
  Outcome outcome;
  const bool pending = outbox_.find(notice.id) != nullptr;
  const bool later = outbox_.has_later(notice.id);
  take(outbox_.decide_outcome(now, notice.id, delivery, random_).records, outcome);
  if (delivery.kind == Kind::kRefused && pending) {
    dispatch(dispatcher_.decide_refused(now, notice, later), outcome);
    take(incidents_.decide_refused(now, notice, delivery.reason).records, outcome);
  }
  if (delivery.kind == Kind::kDelivered) {
    incidents::Decision decision = incidents_.decide_delivered(now, notice);
    append(outcome.events, std::move(decision.events));
    take(std::move(decision.records), outcome);
  }
  run_due(now, outcome);
  return outcome;
}

Outcome Core::on_unroutable(std::string_view notice_id, const std::string& reason,
                            base::WallTime now) {
  Outcome outcome;
  take(outbox_.decide_unroutable(now, notice_id, reason).records, outcome);
  return outcome;
}

Outcome Core::on_tick(base::WallTime now) {
  Outcome outcome;
  run_due(now, outcome);
  return outcome;
}

Outcome Core::on_housekeeping(base::WallTime now) {
  Outcome outcome;
  if (engine_->alert_counts().pending > 0) {
    take({rules::watched_record(now)}, outcome);
  }
  return outcome;
}

Outcome Core::on_clock_step(base::Duration delta, base::WallTime now) {
  Outcome outcome;
  take({model::clock_step_record(now, delta)}, outcome);
  run_due(now, outcome);
  return outcome;
}

std::optional<base::WallTime> Core::next_deadline() const {
  return earlier(incidents_.next_deadline(),
                 earlier(dispatcher_.next_deadline(), outbox_.next_deadline()));
}

void Core::take(std::vector<model::Record> records, Outcome& outcome) {
  for (const model::Record& record : records) {
    const base::Status status = apply(record);
    TOCSIN_CHECK(status.has_value(), "a machine refuses what it has just decided");
  }
  append(outcome.records, std::move(records));
}

void Core::take_engine(rules::Decision decision, base::WallTime now, Outcome& outcome) {
  take(std::move(decision.records), outcome);
  append(outcome.samples, std::move(decision.samples));
  append(outcome.errors, std::move(decision.errors));
  if (!decision.data.empty()) {
    follow_data(now, decision.data, outcome);
  }
  if (!decision.changes.empty()) {
    follow_changes(now, decision.changes, outcome);
    append(outcome.changes, std::move(decision.changes));
  }
  run_due(now, outcome);
}

void Core::follow_changes(base::WallTime now, std::span<const model::AlertChange> changes,
                          Outcome& outcome) {
  dispatcher_.observe(changes);
  incidents::Decision decision = incidents_.decide_alerts(now, changes);
  append(outcome.events, std::move(decision.events));
  take(std::move(decision.records), outcome);
  dispatch(dispatcher_.decide_alerts(now, changes), outcome);
}

void Core::follow_data(base::WallTime now, std::span<const rules::DataChange> changes,
                       Outcome& outcome) {
  using Kind = rules::DataChange::Kind;
  std::vector<incidents::DataNews> news;
  for (const rules::DataChange& change : changes) {
    const auto state = change.kind == Kind::kHeld      ? incidents::DataState::kHeld
                       : change.kind == Kind::kMissing ? incidents::DataState::kMissing
                                                       : incidents::DataState::kBack;
    news.push_back({state, change.labels, change.since});
  }
  incidents::Decision decision = incidents_.decide_data(now, news);
  append(outcome.events, std::move(decision.events));
  take(std::move(decision.records), outcome);
}

void Core::run_due(base::WallTime now, Outcome& outcome) {
  incidents::Decision incidents = incidents_.decide_due(now);
  append(outcome.events, std::move(incidents.events));
  take(std::move(incidents.records), outcome);

  dispatch(dispatcher_.decide_due(
               now, [this](const model::Labels& labels) { return incidents_.brief_for(labels); }),
           outcome);

  routing::OutboxDecision due = outbox_.decide_due(now);
  append(outcome.given_up, std::move(due.given_up));
  take(std::move(due.records), outcome);
  for (const model::Notice& notice : due.send) {
    outbox_.mark_in_flight(notice.id);
  }
  append(outcome.send, std::move(due.send));
}

void Core::dispatch(routing::DispatchDecision decision, Outcome& outcome) {
  take(std::move(decision.records), outcome);
  for (const model::Notice& notice : decision.notices) {
    if (notice.sample_arrival) {
      outbox_.note_arrival(notice.id, *notice.sample_arrival);
    }
  }
}

}  // namespace tocsin::app
