#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "model/alert.h"
#include "model/record.h"
#include "rules/engine.h"
#include "series/store.h"
#include "support/simulated_clock.h"

namespace tocsin::testing {

/// A store and a rule engine driven as the daemon drives them, on simulated time and without a
/// journal: records are kept in a list, and a restart replays them.
class RuleHarness {
 public:
  struct Event {
    base::WallTime time;
    model::AlertTransition transition;
    model::Alert alert;
  };
  /// One rule's look, as it was planned.
  struct Look {
    base::WallTime time;
    std::string rule;
  };
  using Samples = std::vector<std::pair<model::Labels, double>>;

  explicit RuleHarness(rules::EngineOptions options = {});

  /// Loads a rule file's text; a test fails when it has faults.
  void load(const std::string& yaml);
  void load(std::vector<rules::Group> groups);
  void set_live(std::vector<rules::LiveOrigin> origins);

  /// A successful poll at the current time, then whatever rounds follow. Series of this origin
  /// that the poll before had and this one lacks go stale.
  void poll(series::Origin origin, const Samples& samples);
  /// A failed poll: every series of the origin goes stale.
  void fail_poll(series::Origin origin);
  /// Samples that somebody brings at the current time, then whatever rounds follow.
  void push(series::Origin origin, const Samples& samples);
  /// What a look at the rule costs from now on; nothing for others.
  void set_cost(const std::string& rule, double seconds) { costs_[rule] = seconds; }
  /// Samples that arrive without waking anybody: for loading test data.
  void store_only(series::Origin origin, const Samples& samples, base::WallTime time);
  void store_only(series::Origin origin, const model::Labels& labels,
                  const model::HistogramPtr& histogram, base::WallTime time);

  /// Time passes; deadlines on the way are served.
  void advance(base::Duration by);
  /// The wall clock steps, and the engine is told by a record.
  void step_clock(base::Duration by);
  /// Looks at every rule at this time, in Prometheus' order.
  void evaluate_all(base::WallTime time);

  /// The process dies and comes back: replay, no schedule, a store with what the disk had of it,
  /// which is a second old.
  void restart(const Samples& stored = {});
  /// The same with other rules.
  void restart_with(std::vector<rules::Group> groups);

  base::Result<promql::Vector> query(const std::string& expression, base::WallTime time) const;

  series::Store& store() { return *store_; }
  rules::Engine& engine() { return *engine_; }
  const std::vector<Event>& events() const { return events_; }
  const std::vector<std::pair<base::WallTime, rules::DataChange>>& data() const { return data_; }
  const std::vector<Look>& looks() const { return looks_; }
  const std::vector<model::Record>& records() const { return records_; }
  const std::vector<std::string>& errors() const { return errors_; }
  SimulatedClock& clock() { return clock_; }
  base::WallTime now() const { return clock_.wall_now(); }
  /// The alerts in this state, as `name{…}` without alertname: for short expectations.
  std::vector<std::string> alerts(model::AlertState state) const;

 private:
  void start();
  void set_groups(std::vector<rules::Group> groups);
  void pump();
  void run_stage(const rules::Stage& stage);
  void take(rules::Decision decision);
  void write_batch(series::Origin origin, bool up, const Samples& samples);

  rules::EngineOptions options_;
  SimulatedClock clock_;
  std::unique_ptr<series::Store> store_;
  std::unique_ptr<rules::Engine> engine_;
  std::vector<rules::Group> groups_;
  std::vector<std::vector<std::string>> names_;  // of the rules, by group
  std::vector<rules::LiveOrigin> live_;
  std::map<series::Origin, std::vector<model::Labels>> last_batch_;
  std::vector<Event> events_;
  std::vector<std::pair<base::WallTime, rules::DataChange>> data_;
  std::vector<Look> looks_;
  std::vector<model::Record> records_;
  std::vector<std::string> errors_;
  std::map<std::string, double> costs_;
};

}  // namespace tocsin::testing
