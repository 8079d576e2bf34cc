#include "unit/app/core_world.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/check.h"
#include "rules/rule_file.h"
#include "support/alerts.h"

namespace tocsin::app {
namespace {

using std::chrono::seconds;

constexpr series::Origin kTarget = 1;
constexpr base::Duration kInterval = seconds(15);

constexpr const char* kRules = R"(
groups:
- name: shop
  rules:
  - {record: 'failures:sum', expr: sum(failures)}
  - {alert: Failing, expr: failures > 5, labels: {severity: critical}, annotations: {n: '{{ $value }}'}}
  - {alert: Slow, expr: failures > 3, for: 30s, keep_firing_for: 20s, labels: {severity: warning}}
  - {alert: Everywhere, expr: 'failures:sum > 15', labels: {severity: page, service: all}}
)";

// Journalled state may depend on the configuration only through records, so the variants differ in
// what decisions read.
CoreOptions options(int variant) {
  CoreOptions options;
  options.engine.evaluation_interval = kInterval;
  if (variant >= 2) {
    options.engine.no_data = rules::NoData::kKeep;
    options.engine.external_labels = model::Labels{{"site", "x"}};
  }
  routing::Route& route = options.dispatcher.route;
  route.receiver = "people";
  route.group_by = {"alertname"};
  if (variant % 2 == 1) {
    route.group_by = {"alertname", "service"};
  }
  route.group_wait = seconds(1);
  route.group_interval = seconds(30);
  options.dispatcher.receivers["people"] = {{.name = "webhook[0]", .send_resolved = true},
                                            {.name = "slack[0]", .send_resolved = false}};
  return options;
}

std::vector<rules::Group> groups() {
  yaml::Problems problems;
  auto file = rules::decode(kRules, "shop.yml", {}, problems);
  TOCSIN_CHECK(problems.ok(), "the test's rules do not load");
  return std::move(file.groups);
}

}  // namespace

boost::json::object through_text(const boost::json::object& object) {
  return boost::json::parse(boost::json::serialize(object)).as_object();
}

std::string state_of(const Core& core) { return boost::json::serialize(core.save()); }

std::unique_ptr<Core> CoreWorld::empty_core(base::Random& random) {
  return std::make_unique<Core>(options(0), nullptr, random);
}

CoreWorld::CoreWorld(std::uint64_t seed) : random_(seed), core_(empty_core(random_)) {
  TOCSIN_CHECK(restore(*core_, std::nullopt, {}).has_value(), "an empty Core does not start");
  keep(core_->started(now_, mono_));
  core_->engine().set_live_origins({{kTarget, kInterval}}, mono_);
}

base::Status CoreWorld::restore(Core& core, const std::optional<boost::json::object>& snapshot,
                                std::span<const model::Record> records) const {
  return core.restore(groups(), {}, snapshot, records, now_, mono_);
}

void CoreWorld::keep(Outcome outcome) {
  for (model::Record& record : outcome.records) {
    record = testing::through_text(std::move(record));
    record.sequence = records_.size() + 1;
    core_->note_written(record, record.sequence);
    records_.push_back(std::move(record));
  }
  for (model::Notice& notice : outcome.send) {
    under_way_.push_back(std::move(notice));
  }
  if (!outcome.samples.empty()) {
    series::Appender appender = store_.appender(0);
    for (const rules::RecordedSample& recorded : outcome.samples) {
      static_cast<void>(appender.put(recorded.labels, recorded.sample));
    }
    appender.commit();
  }
}

void CoreWorld::run() {
  while (auto stage = core_->engine().plan_round(now_, mono_)) {
    std::vector<rules::JobResult> results;
    for (const rules::Job& job : stage->jobs) {
      results.push_back(
          rules::evaluate(job, store_.snapshot(job.selections), core_->engine_options()));
    }
    keep(core_->on_results(std::move(results), now_, mono_));
  }
}

void CoreWorld::arrive(bool up, std::vector<series::Created> created) {
  core_->engine().on_arrival({.origin = kTarget, .up = up, .arrived = mono_, .created = created},
                             now_, mono_);
  run();
}

void CoreWorld::poll(const std::map<std::string, double>& values) {
  series::Appender appender = store_.appender(kTarget);
  for (const char* shop : {"a", "b", "c"}) {
    const auto value = values.find(shop);
    const double sample = value == values.end() ? model::stale_marker() : value->second;
    const model::Labels labels{{"__name__", "failures"}, {"service", shop}};
    static_cast<void>(appender.append(labels, {base::to_millis(now_), sample}));
  }
  arrive(true, appender.commit().created);
}

void CoreWorld::fail_poll() { arrive(false, {}); }

void CoreWorld::answer(routing::DeliveryOutcome::Kind kind) {
  if (under_way_.empty()) {
    return;
  }
  const model::Notice notice = std::move(under_way_.front());
  under_way_.erase(under_way_.begin());
  keep(core_->on_delivery(notice, {.kind = kind, .reason = "as told", .retry_after = {}}, now_));
}

void CoreWorld::cancel() {
  if (!under_way_.empty()) {
    core_->on_cancelled(under_way_.front().id);
    under_way_.erase(under_way_.begin());
  }
}

void CoreWorld::advance(base::Duration by) {
  now_ += by;
  mono_ += by;
  keep(core_->on_tick(now_));
  keep(core_->on_housekeeping(now_));
  run();
}

void CoreWorld::pause(base::Duration by) {
  now_ += by;
  mono_ += by;
}

void CoreWorld::step_clock(base::Duration by) {
  now_ += by;
  if (by < base::Duration{0}) {
    store_.shift_times(by);
  }
  keep(core_->on_clock_step(by, now_));
}

void CoreWorld::restart(bool from_snapshot) {
  std::optional<boost::json::object> snapshot;
  std::vector<model::Record> rest = records_;
  if (from_snapshot) {
    snapshot = through_text(core_->save());
    rest.clear();
  }
  core_ = std::make_unique<Core>(options(variant_), nullptr, random_);
  under_way_.clear();
  const base::Status restored = restore(*core_, snapshot, rest);
  TOCSIN_CHECK(restored.has_value(), "the Core refuses its own records");
  keep(core_->started(now_, mono_));
  core_->engine().set_live_origins({{kTarget, kInterval}}, mono_);
}

void CoreWorld::reload(bool deep) {
  variant_ ^= deep ? 2 : 1;
  keep(core_->reload(options(variant_), groups(), {}, now_, mono_));
  core_->engine().set_live_origins({{kTarget, kInterval}}, mono_);
}

}  // namespace tocsin::app
