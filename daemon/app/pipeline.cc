#include "app/pipeline.h"

#include <algorithm>
#include <utility>

#include "app/log.h"
#include "async/deadline.h"
#include "base/text.h"

namespace tocsin::app {
namespace {

constexpr base::Duration kHousekeeping = std::chrono::seconds(60);

double seconds_between(base::MonotonicTime from, base::MonotonicTime to) {
  return std::chrono::duration<double>(to - from).count();
}

std::string milliseconds_between(base::MonotonicTime from, base::MonotonicTime to) {
  const double milliseconds = seconds_between(from, to) * 1000;
  return base::format_number(std::round(milliseconds * 100) / 100);
}

journal::CommitterHooks hooks(Metrics& metrics, bool& snapshot_wanted) {
  return {
      .on_degraded =
          [&metrics](const std::string& reason) {
            metrics.journal_degraded.Set(1);
            log_error("the journal refuses writes; detection and notices go on from memory",
                      {{"reason", reason}});
          },
      .on_recovered =
          [&metrics, &snapshot_wanted](std::uint64_t given_up) {
            metrics.journal_degraded.Set(0);
            snapshot_wanted = true;
            log_warning("the journal accepts writes again",
                        {{"records_given_up", std::to_string(given_up)}});
          },
      .on_unwritable =
          [](const std::string& reason) {
            log_error("records could not be written and were given up", {{"reason", reason}});
          },
      .on_error = [](const std::string& what) { log_error("an effect failed", {{"error", what}}); },
  };
}

// What is needed of records once they are written.
std::vector<model::Record> heads_of(const std::vector<model::Record>& records) {
  std::vector<model::Record> heads(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    heads[i].type = records[i].type;
    heads[i].subject = records[i].subject;
  }
  return heads;
}

}  // namespace

Pipeline::Pipeline(PipelineParts parts, CoreOptions core, PipelineOptions options)
    : parts_(parts),
      options_(options),
      wall_(parts.clock),
      core_(
          std::move(core),
          [this](const std::string& text, base::WallTime time) -> base::Result<promql::Vector> {
            auto parsed = promql::parse(text, core_.engine_options().parse);
            if (!parsed) {
              return parsed.error();
            }
            auto evaluation = this->query(*parsed, time);
            if (!evaluation) {
              return evaluation.error();
            }
            if (auto* vector = std::get_if<promql::Vector>(&evaluation->value)) {
              return std::move(*vector);
            }
            if (const auto* scalar = std::get_if<promql::Scalar>(&evaluation->value)) {
              return promql::Vector{{{}, scalar->time_ms, scalar->value}};
            }
            return base::Error(base::ErrorCode::kInvalidInput,
                               "query result is not a vector or scalar");
          },
          parts.random),
      committer_(parts.executor,
                 {.journal = parts.journal,
                  .timers = parts.timers,
                  .clock = parts.clock,
                  .random = parts.random},
                 {}, hooks(parts.metrics, snapshot_wanted_)),
      arrived_(parts.executor),
      wake_(parts.executor),
      tasks_(parts.executor, [](const std::string& task, const std::string& what) {
        log_error("a task failed", {{"task", task}, {"error", what}});
      }) {}

async::Task<base::Status> Pipeline::start(std::vector<rules::Group> groups,
                                          std::vector<rules::QuarantinedGroup> quarantined) {
  auto replay = co_await parts_.journal.replay();
  if (!replay) {
    co_return std::move(replay.error()).context("read the journal");
  }
  std::optional<boost::json::object> state;
  if (replay->snapshot) {
    state = std::move(replay->snapshot->state);
    last_sequence_ = replay->snapshot->sequence;
  }
  if (!replay->records.empty()) {
    last_sequence_ = replay->records.back().sequence;
  }
  records_since_snapshot_ = replay->records.size();
  const Moment moment = look();
  if (base::Status restored = core_.restore(std::move(groups), quarantined, state, replay->records,
                                            moment.wall, moment.mono);
      !restored) {
    co_return std::move(restored.error()).context("restore from the journal");
  }
  if (replay->cut_records > 0) {
    log_warning("the journal had a torn tail, which was cut",
                {{"records", std::to_string(replay->cut_records)}});
  }
  if (last_sequence_ > 0) {
    log_info("restored from the journal",
             {{"sequence", std::to_string(last_sequence_)},
              {"incidents", std::to_string(core_.incidents().live().size())},
              {"notices_waiting", std::to_string(core_.outbox().stats().pending)}});
  }
  committer_.start();
  running_ = true;
  next_expiry_ = moment.mono + kHousekeeping;
  commit(core_.started(moment.wall, moment.mono), moment);
  take_over_series(moment);
  tasks_.spawn("timers", run_timers());
  tasks_.spawn("arrivals", run_arrivals());
  co_return base::Status{};
}

base::Result<promql::Evaluation> Pipeline::query(const promql::Query& query,
                                                 base::WallTime time) const {
  const promql::EvalOptions& options = core_.engine_options().promql;
  const auto selections = promql::selections(query, time, options);
  return promql::evaluate(query, time, parts_.store.snapshot(selections), options);
}

Pipeline::Moment Pipeline::look() {
  const SteadyWall::Reading reading = wall_.read();
  const Moment moment{reading.now, parts_.clock.monotonic_now()};
  if (reading.stepped != base::Duration{0} && running_) {
    log_warning("the wall clock was set", {{"by", base::format_duration(reading.stepped)}});
    if (reading.stepped < base::Duration{0}) {
      // Time has not run backwards: the clock was ahead. What is stored moves with it, or every
      // new sample would be refused as out of order until the clock has caught up. A step forward
      // may be real time, slept through by the machine: there the samples stay as old as they are.
      parts_.store.shift_times(reading.stepped);
      if (shift_listener_) {
        shift_listener_(reading.stepped);
      }
    }
    commit(core_.on_clock_step(reading.stepped, reading.now), moment);
  }
  return moment;
}

void Pipeline::on_arrival(const rules::Arrival& arrival) {
  const Moment moment = look();
  core_.engine().on_arrival(arrival, moment.wall, moment.mono);
  arrivals_.push_back(arrival.arrived);
  arrived_.notify();
}

async::Task<> Pipeline::run_arrivals() {
  while (true) {
    if (arrivals_.empty()) {
      const base::Status woken = co_await arrived_.wait();
      if (!woken) {
        co_return;
      }
    }
    run_rounds(look());
    const base::MonotonicTime done = parts_.clock.monotonic_now();
    for (const base::MonotonicTime arrived : std::exchange(arrivals_, {})) {
      parts_.metrics.evaluation_latency_seconds.Observe(seconds_between(arrived, done));
    }
    wake_.notify();
  }
}

void Pipeline::set_live_origins(const std::vector<rules::LiveOrigin>& origins) {
  core_.engine().set_live_origins(origins, parts_.clock.monotonic_now());
}

void Pipeline::run_rounds(Moment moment) {
  while (auto stage = core_.engine().plan_round(moment.wall, moment.mono)) {
    std::vector<rules::JobResult> results;
    results.reserve(stage->jobs.size());
    for (const rules::Job& job : stage->jobs) {
      const auto begun = parts_.clock.monotonic_now();
      const series::Snapshot snapshot = rules::live_snapshot(job, parts_.store);
      results.push_back(rules::evaluate(job, snapshot, core_.engine_options()));
      if (!at_hand(job)) {
        results.back().evaluation = base::Error(base::ErrorCode::kUnavailable,
                                                "older samples are still being read from disk");
      }
      results.back().seconds = seconds_between(begun, parts_.clock.monotonic_now());
      parts_.metrics.rules_evaluations_total.Add({}).Increment();
    }
    Outcome outcome = core_.on_results(std::move(results), moment.wall, moment.mono);
    write_samples(outcome.samples);
    commit(std::move(outcome), moment);
  }
}

void Pipeline::write_samples(const std::vector<rules::RecordedSample>& samples) {
  if (samples.empty()) {
    return;
  }
  series::Appender appender = parts_.store.appender(0);
  for (const rules::RecordedSample& recorded : samples) {
    const auto outcome =
        recorded.histogram
            ? appender.put(recorded.labels, {recorded.sample.time_ms, recorded.histogram, 0})
            : appender.put(recorded.labels, recorded.sample);
    if (!outcome) {
      parts_.metrics.series_refused_total.Add({{"reason", "series_limit"}}).Increment();
    }
  }
  const series::CommitResult result = appender.commit();
  parts_.metrics.series_samples_total.Increment(static_cast<double>(result.stored));
  if (result.refused > 0) {
    parts_.metrics.series_refused_total.Add({{"reason", "out_of_order"}})
        .Increment(static_cast<double>(result.refused));
  }
}

void Pipeline::reload(CoreOptions core, std::vector<rules::Group> groups,
                      const std::vector<rules::QuarantinedGroup>& quarantined) {
  const Moment moment = look();
  commit(core_.reload(std::move(core), std::move(groups), quarantined, moment.wall, moment.mono),
         moment);
  run_rounds(moment);
  wake_.notify();
}

void Pipeline::commit(Outcome outcome, Moment moment) {
  for (const rules::RuleError& error : outcome.errors) {
    parts_.metrics.rules_evaluation_failures_total.Add({{"group", error.group}}).Increment();
    // A rule that fails fails at each look.
    if (const auto left_out = repeated_.admit(error.message, moment.mono)) {
      log_warning("a rule failed",
                  {{"error", error.message}, {"left_out_before", std::to_string(*left_out)}});
    }
  }
  for (const std::string& notice : outcome.given_up) {
    parts_.metrics.routing_given_up_total.Increment();
    if (const auto left_out = repeated_.admit(notice, moment.mono)) {
      log_error("a notice was given up",
                {{"notice", notice}, {"left_out_before", std::to_string(*left_out)}});
    }
  }
  if (outcome.empty() && outcome.changes.empty()) {
    return;
  }
  std::vector<model::Record> records = std::move(outcome.records);
  outcome.records.clear();
  records_since_snapshot_ += records.size();
  parts_.metrics.journal_records_total.Increment(static_cast<double>(records.size()));
  std::optional<boost::json::object> state;
  if ((records_since_snapshot_ >= options_.snapshot_every || snapshot_wanted_) &&
      !records.empty()) {
    // The state right after these records belongs to the sequence of the last of them.
    state = core_.save();
    records_since_snapshot_ = 0;
    snapshot_wanted_ = false;
  }
  std::vector<model::Record> heads = heads_of(records);
  committer_.commit(
      std::move(records),
      [this, outcome = std::move(outcome), state = std::move(state), decided = moment.mono,
       heads = std::move(heads)](const journal::Release& how) mutable {
        for (std::size_t i = 0; i < heads.size(); ++i) {
          core_.note_written(heads[i], how.durable ? how.sequence - heads.size() + i + 1 : 0);
        }
        sequence_known_ = how.durable;
        if (how.durable && how.sequence > 0) {
          last_sequence_ = how.sequence;
          if (state) {
            tasks_.spawn("store a snapshot", store_snapshot({how.sequence, *std::move(state)}));
          }
        }
        release(std::move(outcome), how, decided);
      });
}

void Pipeline::release(Outcome outcome, const journal::Release& how, base::MonotonicTime decided) {
  const base::MonotonicTime now = parts_.clock.monotonic_now();
  if (how.durable) {
    parts_.metrics.journal_commit_seconds.Observe(seconds_between(decided, now));
  }
  log_outcome(outcome);
  if (listener_ && !outcome.changes.empty()) {
    listener_(outcome.changes);
  }
  for (model::Notice& notice : outcome.send) {
    std::string id = notice.id;
    if (!tasks_.spawn("deliver " + id, deliver(std::move(notice)))) {
      core_.on_cancelled(id);
    }
  }
}

void Pipeline::log_outcome(const Outcome& outcome) const {
  for (const model::AlertChange& change : outcome.changes) {
    if (change.transition == model::AlertTransition::kFired ||
        change.transition == model::AlertTransition::kResolved) {
      log_info(
          change.transition == model::AlertTransition::kFired ? "alert fired" : "alert resolved",
          {{"alert", change.alert.labels.to_string()},
           {"value", base::format_number(change.alert.value)},
           {"since_sample_ms", since(change.alert.sample_arrival)}});
    }
  }
  for (const incidents::Event& event : outcome.events) {
    constexpr std::string_view kWords[] = {"opened", "updated", "mitigated", "resolved",
                                           "reopened"};
    const std::string_view word = kWords[static_cast<std::size_t>(event.kind)];
    parts_.metrics.incidents_events_total.Add({{"event", std::string(word)}}).Increment();
    log_info("incident " + std::string(word), {{"id", event.incident.id},
                                               {"title", event.incident.title},
                                               {"grade", std::to_string(event.incident.grade)},
                                               {"service", event.incident.service}});
  }
}

std::string Pipeline::since(std::optional<base::MonotonicTime> arrival) const {
  return arrival ? milliseconds_between(*arrival, parts_.clock.monotonic_now()) : "";
}

async::Task<> Pipeline::deliver(model::Notice notice) {
  const auto found = notifiers_.find({notice.receiver, notice.integration});
  if (found == notifiers_.end()) {
    const Moment moment = look();
    log_error("a notice has no receiver any more",
              {{"receiver", notice.receiver}, {"integration", notice.integration}});
    commit(core_.on_unroutable(notice.id, "the receiver is not configured any more", moment.wall),
           moment);
    co_return;
  }
  const std::shared_ptr<notifiers::Notifier> notifier = found->second;
  const base::MonotonicTime deadline = parts_.clock.monotonic_now() + notifier->time_limit();
  model::Notice copy = notice;
  const notifiers::Outcome outcome = co_await notifier->deliver(std::move(copy), deadline);
  const bool cancelled = co_await async::is_cancelled();
  if (cancelled && outcome.kind != notifiers::OutcomeKind::kDelivered) {
    core_.on_cancelled(notice.id);
    co_return;
  }
  book(notice, outcome);
}

void Pipeline::book(const model::Notice& notice, const notifiers::Outcome& outcome) {
  using Kind = routing::DeliveryOutcome::Kind;
  const base::MonotonicTime now = parts_.clock.monotonic_now();
  routing::DeliveryOutcome booked{
      .kind = Kind::kDelivered, .reason = outcome.reason, .retry_after = outcome.retry_after};
  const char* word = "delivered";
  if (outcome.kind == notifiers::OutcomeKind::kRetry) {
    booked.kind = Kind::kRetry;
    word = "retry";
  } else if (outcome.kind == notifiers::OutcomeKind::kRefused) {
    booked.kind = Kind::kRefused;
    word = "refused";
  }
  parts_.metrics.notifiers_attempts_total
      .Add({{"receiver", notice.receiver}, {"integration", notice.integration}, {"outcome", word}})
      .Increment();
  if (booked.kind != Kind::kDelivered) {
    log_warning("a notice was not delivered", {{"id", notice.id},
                                               {"receiver", notice.receiver},
                                               {"integration", notice.integration},
                                               {"outcome", word},
                                               {"reason", outcome.reason}});
  } else {
    if (notice.sample_arrival) {
      parts_.metrics.detection_latency_seconds.Observe(
          seconds_between(*notice.sample_arrival, now));
    }
    log_info("notice delivered", {{"id", notice.id},
                                  {"receiver", notice.receiver},
                                  {"integration", notice.integration},
                                  {"group", notice.group_key},
                                  {"status", notice.resolved ? "resolved" : "firing"},
                                  {"since_sample_ms", since(notice.sample_arrival)}});
  }
  const Moment moment = look();
  commit(core_.on_delivery(notice, booked, moment.wall), moment);
  wake_.notify();
}

}  // namespace tocsin::app
