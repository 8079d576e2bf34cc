#include "support/rule_harness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <boost/json/object.hpp>

#include "model/clock_step.h"
#include "promql/query.h"
#include "rules/rule_file.h"
#include "series/log.h"
#include "yaml/document.h"

namespace tocsin::testing {

namespace {

// What a rule remembers of its last look must not change what the next one finds.
void expect_same(const rules::JobResult& full, const rules::JobResult& kept) {
  EXPECT_EQ(full.reads, kept.reads);
  ASSERT_EQ(full.evaluation.has_value(), kept.evaluation.has_value());
  if (!full.evaluation || !std::holds_alternative<promql::Vector>(full.evaluation->value)) {
    return;
  }
  const auto& expected = std::get<promql::Vector>(full.evaluation->value);
  const auto& found = std::get<promql::Vector>(kept.evaluation->value);
  ASSERT_EQ(expected.size(), found.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(expected[i].labels, found[i].labels);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(expected[i].value),
              std::bit_cast<std::uint64_t>(found[i].value));
  }
}

}  // namespace

RuleHarness::RuleHarness(rules::EngineOptions options) : options_(std::move(options)) { start(); }

void RuleHarness::start() {
  series::StoreOptions store_options;
  store_options.retention = std::chrono::hours(24 * 30);
  store_ = std::make_unique<series::Store>(store_options);
  engine_ = std::make_unique<rules::Engine>(
      options_, [this](const std::string& expression, base::WallTime time) {
        return query(expression, time);
      });
  last_batch_.clear();
}

void RuleHarness::load(const std::string& text) {
  yaml::Problems problems;
  rules::RuleFile file = rules::decode(text, "test.yml", {}, problems);
  for (const base::Error& error : problems.errors()) {
    ADD_FAILURE() << error.to_string();
  }
  load(std::move(file.groups));
}

void RuleHarness::set_groups(std::vector<rules::Group> groups) {
  groups_ = std::move(groups);
  names_.clear();
  for (const rules::Group& group : groups_) {
    auto& names = names_.emplace_back();
    for (const rules::Rule& rule : group.rules) {
      names.push_back(rule.name);
    }
  }
}

void RuleHarness::load(std::vector<rules::Group> groups) {
  const bool first = groups_.empty();
  set_groups(std::move(groups));
  take(engine_->load(groups_, {}, now(), clock_.monotonic_now()));
  if (first) {
    take(engine_->finish_restore(now(), clock_.monotonic_now()));
  }
  pump();
}

void RuleHarness::set_live(std::vector<rules::LiveOrigin> origins) {
  live_ = std::move(origins);
  engine_->set_live_origins(live_, clock_.monotonic_now());
  pump();
}

void RuleHarness::poll(series::Origin origin, const Samples& samples) {
  write_batch(origin, true, samples);
}

void RuleHarness::fail_poll(series::Origin origin) { write_batch(origin, false, {}); }

void RuleHarness::write_batch(series::Origin origin, bool up, const Samples& samples) {
  series::Appender appender = store_->appender(origin);
  const std::int64_t time_ms = base::to_millis(now());
  std::vector<model::Labels> batch;
  for (const auto& [labels, value] : samples) {
    EXPECT_TRUE(appender.append(labels, {time_ms, value}).has_value());
    batch.push_back(labels);
  }
  for (const model::Labels& labels : last_batch_[origin]) {
    if (std::ranges::find(batch, labels) == batch.end()) {
      EXPECT_TRUE(appender.append(labels, {time_ms, model::stale_marker()}).has_value());
    }
  }
  last_batch_[origin] = std::move(batch);
  const series::CommitResult committed = appender.commit();
  engine_->on_arrival({origin, up, clock_.monotonic_now(), committed.created}, now(),
                      clock_.monotonic_now());
  pump();
}

void RuleHarness::push(series::Origin origin, const Samples& samples) {
  series::Appender appender = store_->appender(origin);
  std::vector<series::NamedSeries> touched;
  for (const auto& [labels, value] : samples) {
    EXPECT_TRUE(appender.put(labels, {base::to_millis(now()), value}).has_value());
    touched.push_back({appender.find(labels).value_or(0), labels});
  }
  const series::CommitResult committed = appender.commit();
  engine_->on_arrival({.origin = origin,
                       .up = true,
                       .arrived = clock_.monotonic_now(),
                       .created = committed.created,
                       .touched = touched},
                      now(), clock_.monotonic_now());
  pump();
}

void RuleHarness::store_only(series::Origin origin, const Samples& samples, base::WallTime time) {
  series::Appender appender = store_->appender(origin);
  for (const auto& [labels, value] : samples) {
    (void)appender.append(labels, {base::to_millis(time), value});
  }
  appender.commit();
}

void RuleHarness::store_only(series::Origin origin, const model::Labels& labels,
                             const model::HistogramPtr& histogram, base::WallTime time) {
  series::Appender appender = store_->appender(origin);
  (void)appender.append(labels, {base::to_millis(time), histogram, 0});
  appender.commit();
}

void RuleHarness::advance(base::Duration by) {
  const base::MonotonicTime end = clock_.monotonic_now() + by;
  while (true) {
    const auto deadline = engine_->next_deadline(now(), clock_.monotonic_now());
    if (!deadline || *deadline > end) {
      break;
    }
    clock_.advance(*deadline - clock_.monotonic_now());
    pump();
  }
  clock_.advance(end - clock_.monotonic_now());
}

void RuleHarness::step_clock(base::Duration by) {
  clock_.step_wall(by);
  model::Record record = model::clock_step_record(now(), by);
  EXPECT_TRUE(engine_->apply(record).has_value());
  records_.push_back(std::move(record));
}

void RuleHarness::evaluate_all(base::WallTime time) {
  auto stage = engine_->plan_at(time);
  if (stage) {
    run_stage(*stage);
    pump();
  }
}

void RuleHarness::restart(const Samples& stored) {
  start();
  series::LogBatch log;
  for (const auto& [labels, value] : stored) {
    const auto id = static_cast<std::uint32_t>(log.definitions.size() + 1);
    log.definitions.push_back({id, labels});
    log.samples.push_back({id, {base::to_millis(now()) - 1000, value}});
  }
  series::RestoredRefs refs;
  EXPECT_EQ(store_->replay(log, refs), 0U);
  take(engine_->load(groups_, {}, now(), clock_.monotonic_now()));
  for (const model::Record& record : records_) {
    EXPECT_TRUE(engine_->apply(record).has_value());
  }
  take(engine_->finish_restore(now(), clock_.monotonic_now()));
  std::vector<model::Labels> names;
  for (const auto& [labels, value] : stored) {
    if (engine_->written_names().contains(std::string(labels.metric_name()))) {
      names.push_back(labels);
    }
  }
  rules::Decision ends;
  ends.samples = engine_->take_over(names, now());
  take(std::move(ends));
  engine_->set_live_origins(live_, clock_.monotonic_now());
  pump();
}

void RuleHarness::restart_with(std::vector<rules::Group> groups) {
  set_groups(std::move(groups));
  restart();
}

void RuleHarness::pump() {
  while (true) {
    const auto stage = engine_->plan_round(now(), clock_.monotonic_now());
    if (!stage) {
      return;
    }
    run_stage(*stage);
  }
}

void RuleHarness::run_stage(const rules::Stage& stage) {
  std::vector<rules::JobResult> results;
  for (const rules::Job& job : stage.jobs) {
    looks_.push_back({job.time, names_[job.group][job.rule]});
    rules::Job plain = job;
    plain.kept = nullptr;
    const auto full = rules::evaluate(plain, store_->snapshot(job.selections), options_);
    results.push_back(rules::evaluate(job, rules::live_snapshot(job, *store_), options_));
    expect_same(full, results.back());
    if (const auto cost = costs_.find(looks_.back().rule); cost != costs_.end()) {
      results.back().seconds = cost->second;
    }
  }
  take(engine_->decide(std::move(results), now(), clock_.monotonic_now()));
}

void RuleHarness::take(rules::Decision decision) {
  for (const model::Record& record : decision.records) {
    EXPECT_TRUE(engine_->apply(record).has_value());
    records_.push_back(record);
  }
  for (const model::AlertChange& change : decision.changes) {
    events_.push_back({now(), change.transition, change.alert});
  }
  for (const rules::DataChange& change : decision.data) {
    data_.emplace_back(now(), change);
  }
  for (const rules::RuleError& error : decision.errors) {
    errors_.push_back(error.message);
  }
  series::Appender appender = store_->appender(0);
  for (const rules::RecordedSample& sample : decision.samples) {
    const auto stored =
        sample.histogram ? appender.put(sample.labels, {sample.sample.time_ms, sample.histogram, 0})
                         : appender.put(sample.labels, sample.sample);
    EXPECT_TRUE(stored.has_value());
  }
  appender.commit();
}

base::Result<promql::Vector> RuleHarness::query(const std::string& expression,
                                                base::WallTime time) const {
  const auto parsed = promql::parse(expression);
  if (!parsed) {
    return parsed.error();
  }
  const auto selections = promql::selections(*parsed, time, options_.promql);
  auto result = promql::evaluate(*parsed, time, store_->snapshot(selections), options_.promql);
  if (!result) {
    return result.error();
  }
  if (auto* vector = std::get_if<promql::Vector>(&result->value)) {
    return std::move(*vector);
  }
  if (const auto* scalar = std::get_if<promql::Scalar>(&result->value)) {
    return promql::Vector{{model::Labels(), scalar->time_ms, scalar->value}};
  }
  return base::Error(base::ErrorCode::kInvalidInput, "no instant vector");
}

std::vector<std::string> RuleHarness::alerts(model::AlertState state) const {
  std::vector<std::string> texts;
  for (const rules::GroupView& group : engine_->view(clock_.wall_now())) {
    for (const rules::RuleView& rule : group.rules) {
      for (const rules::AlertView& view : rule.alerts) {
        if (view.alert.state == state) {
          model::LabelsBuilder rest(view.alert.labels);
          rest.remove(model::kAlertName);
          texts.push_back(rule.name + rest.build().to_string());
        }
      }
    }
  }
  return texts;
}

}  // namespace tocsin::testing
