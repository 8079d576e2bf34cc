#include "simulation/world.h"

#include <boost/json/serialize.hpp>

#include "app/metrics.h"
#include "base/check.h"
#include "rules/rule_file.h"
#include "series/store.h"
#include "yaml/document.h"

namespace tocsin::testing {
namespace {

constexpr int kTargets = 6;
constexpr base::Duration kPollInterval = std::chrono::seconds(15);

constexpr const char* kRules = R"(
groups:
  - name: shop
    rules:
      - record: service:order_failures:rate1m
        expr: sum by (service) (rate(order_failures_total[1m]))
      - alert: OrdersFailing
        expr: increase(order_failures_total[1m]) > 30
        labels: {severity: critical, category: business}
        annotations: {summary: "orders of {{ $labels.service }} fail", impact: "customers cannot order"}
      - alert: QueueLong
        expr: queue_length > 100
        for: 30s
        labels: {severity: warning, category: system}
      - alert: FailuresEverywhere
        expr: sum(service:order_failures:rate1m) > 2
        labels: {severity: critical, category: business, service: all}
)";

// A shop's figures, told by the surroundings; slow or failing as the weather has it.
class SimulatedSource final : public sources::Source {
 public:
  SimulatedSource(int number, Surroundings& around, const Weather& weather, base::Random& random,
                  async::Timers& timers, const base::Clock& clock)
      : number_(number),
        around_(around),
        weather_(weather),
        random_(random),
        timers_(timers),
        clock_(clock) {}

  async::Task<sources::Batch> poll(sources::PollContext context) override {
    sources::Batch batch;
    batch.started = context.started;
    const bool fails = random_.uniform() < weather_.poll_fails;
    const bool slow = random_.uniform() < weather_.poll_is_slow;
    if (slow) {
      // Longer than any timeout: the deadline ends it.
      base::MonotonicTime end = context.deadline + std::chrono::hours(1);
      const base::Status woken = co_await timers_.sleep_until(end);
      batch.error = woken ? "slow" : woken.error().message();
      co_return batch;
    }
    batch.arrived = clock_.monotonic_now();
    batch.duration_seconds = 0.01;
    if (fails) {
      batch.error = "connection refused";
      co_return batch;
    }
    const bool broken = around_.broken.contains(number_);
    around_.failures[number_] += broken ? 15 : 0;
    batch.up = true;
    add(batch, "order_failures_total", around_.failures[number_]);
    add(batch, "queue_length", broken ? 500 : 3);
    batch.scraped = batch.samples.size();
    co_return batch;
  }

 private:
  void add(sources::Batch& batch, std::string_view name, double value) {
    batch.samples.push_back(
        {model::Labels{{model::kMetricName, name}, {"service", "shop" + std::to_string(number_)}},
         value, std::nullopt});
  }

  int number_;
  Surroundings& around_;
  const Weather& weather_;
  base::Random& random_;
  async::Timers& timers_;
  const base::Clock& clock_;
};

// A receiver whose channel is slow or down as the weather has it. What a dead process still sends
// is not heard: it was killed before.
class SimulatedNotifier final : public notifiers::Notifier {
 public:
  SimulatedNotifier(Surroundings& around, const Weather& weather, base::Random& random,
                    async::Timers& timers, const base::Clock& clock, const bool& alive)
      : around_(around),
        weather_(weather),
        random_(random),
        timers_(timers),
        clock_(clock),
        alive_(alive) {}

  base::Duration time_limit() const override { return std::chrono::seconds(10); }

  async::Task<notifiers::Outcome> deliver(model::Notice notice,
                                          base::MonotonicTime deadline) override {
    notifiers::Outcome outcome;
    const double draw = random_.uniform();
    if (draw < weather_.delivery_is_slow) {
      const base::Status slept = co_await timers_.sleep_until(deadline);
      outcome.reason = slept ? "timeout" : "cancelled";
      co_return outcome;
    }
    if (draw < weather_.delivery_is_slow + weather_.delivery_fails) {
      outcome.reason = "HTTP status 503";
      co_return outcome;
    }
    if (!alive_) {
      outcome.reason = "dead";
      co_return outcome;
    }
    Heard heard{notice.id, notice.group_key, notice.resolved, clock_.wall_now(), {}};
    for (const model::IncidentBrief& incident : notice.incidents) {
      heard.incidents.push_back(incident.id);
    }
    around_.heard.push_back(std::move(heard));
    outcome.kind = notifiers::OutcomeKind::kDelivered;
    co_return outcome;
  }

 private:
  Surroundings& around_;
  const Weather& weather_;
  base::Random& random_;
  async::Timers& timers_;
  const base::Clock& clock_;
  const bool& alive_;
};

app::CoreOptions core_options() {
  app::CoreOptions options;
  options.engine.evaluation_interval = kPollInterval;
  options.dispatcher.route.receiver = "people";
  options.dispatcher.route.group_by = {"alertname", "service"};
  options.dispatcher.route.group_wait = std::chrono::seconds(1);
  options.dispatcher.route.group_interval = std::chrono::seconds(30);
  options.dispatcher.receivers["people"] = {{.name = "webhook[0]", .send_resolved = true}};
  return options;
}

std::vector<rules::Group> rule_groups() {
  yaml::Problems problems;
  return rules::decode(kRules, "shop.yml", {}, problems).groups;
}

}  // namespace

struct World::Process {
  explicit Process(World& world)
      : journal(world.around_.disk),
        store({.retention = std::chrono::minutes(10)}),
        pipeline({.executor = world.simulation_.executor(),
                  .clock = world.simulation_.clock(),
                  .timers = world.simulation_.timers(),
                  .random = world.random_,
                  .journal = journal,
                  .store = store,
                  .metrics = metrics},
                 core_options(), {.snapshot_every = 50}),
        feed(store, pipeline, metrics, world.simulation_.clock()),
        manager({.executor = world.simulation_.executor(),
                 .clock = world.simulation_.clock(),
                 .timers = world.simulation_.timers(),
                 .sink = feed}) {
    pipeline.set_notifiers({{{"people", "webhook[0]"},
                             std::make_shared<SimulatedNotifier>(
                                 world.around_, world.weather_, world.random_,
                                 world.simulation_.timers(), world.simulation_.clock(), alive)}});
    const base::Status started = world.simulation_.run(pipeline.start(rule_groups(), {}));
    TOCSIN_CHECK(started.has_value(), "the pipeline did not start");
    std::vector<sources::Target> targets;
    for (int i = 0; i < kTargets; ++i) {
      sources::Target target;
      target.spec.pool = "shop";
      target.spec.id = "shop/" + std::to_string(i);
      target.spec.labels = model::Labels{{"job", "shop"}, {"instance", std::to_string(i)}};
      target.spec.interval = kPollInterval;
      target.source =
          std::make_shared<SimulatedSource>(i, world.around_, world.weather_, world.random_,
                                            world.simulation_.timers(), world.simulation_.clock());
      targets.push_back(std::move(target));
    }
    manager.set_targets(std::move(targets));
  }

  bool alive = true;
  MemoryJournal journal;
  app::Metrics metrics;
  series::Store store;
  app::Pipeline pipeline;
  app::Feed feed;
  sources::Manager manager;
};

World::World(std::uint64_t seed, Weather weather) : random_(seed), weather_(weather) { start(); }

World::~World() { kill(); }

void World::start() { process_ = std::make_unique<Process>(*this); }

void World::kill() {
  // The disk stays as it is at this instant; what the old process does afterwards is lost.
  around_.disk = std::make_shared<MemoryDisk>(*around_.disk);
  process_->alive = false;
  const auto limit = std::chrono::seconds(0);
  simulation_.spawn(process_->manager.stop(limit));
  simulation_.settle();
  const base::MonotonicTime now = simulation_.clock().monotonic_now();
  const base::Status ended = simulation_.run(process_->pipeline.stop(now));
  static_cast<void>(ended);
  simulation_.settle();
  process_.reset();
}

void World::begin_or_end_faults(base::WallTime now) {
  std::erase_if(fault_ends_, [&](const auto& fault) {
    const bool over = fault.second <= now;
    if (over) {
      around_.broken.erase(fault.first);
    }
    return over;
  });
  const double steps = static_cast<double>(weather_.fault_every / kPollInterval);
  if (random_.uniform() < 1 / steps) {
    const int target = static_cast<int>(random_.below(kTargets));
    if (fault_ends_.contains(target)) {
      return;
    }
    ++faults_;
    around_.broken.insert(target);
    const double length = 0.5 + random_.uniform();
    fault_ends_[target] = now + base::Duration(static_cast<std::int64_t>(
                                    length * static_cast<double>(weather_.fault_length.count())));
  }
}

void World::live(base::Duration length, base::Duration calm) {
  const base::WallTime begin = simulation_.clock().wall_now();
  const base::WallTime storm_end = begin + length - calm;
  const double kill_chance =
      static_cast<double>(weather_.kills) / static_cast<double>((length - calm) / kPollInterval);
  while (simulation_.clock().wall_now() < begin + length) {
    const base::WallTime now = simulation_.clock().wall_now();
    if (now < storm_end) {
      begin_or_end_faults(now);
      if (random_.uniform() < kill_chance) {
        // Somewhere within the interval, in the middle of whatever goes on.
        simulation_.run_for(std::chrono::milliseconds(random_.below(15'000)));
        kill();
        ++kills_;
        simulation_.run_for(std::chrono::milliseconds(random_.below(3'000)));
        start();
      }
    } else {
      around_.broken.clear();
      fault_ends_.clear();
    }
    simulation_.run_for(kPollInterval);
  }
}

std::vector<std::string> World::journal_lines() const {
  std::vector<std::string> lines;
  for (const model::Record& record : around_.disk->records) {
    lines.push_back(std::to_string(record.sequence) + " " +
                    std::to_string(base::to_millis(record.time)) + " " + record.type + " " +
                    record.subject + " " + boost::json::serialize(record.payload));
  }
  return lines;
}

}  // namespace tocsin::testing
