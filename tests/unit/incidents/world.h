#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "incidents/registry.h"
#include "model/clock_step.h"
#include "support/alerts.h"

namespace tocsin::incidents {

using model::Labels;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// A registry that lives through alerts in simulated time and keeps its journal.
struct World {
  base::WallTime now = base::from_millis(1'767'225'600'000);
  Registry registry;
  std::vector<model::Record> journal;
  std::vector<Event> events;

  explicit World(Config config = {}) : registry(std::move(config)) {}

  void keep(Decision decision) {
    for (model::Record& record : decision.records) {
      const auto applied = registry.apply(record);
      ASSERT_TRUE(applied) << applied.error().to_string();
      journal.push_back(std::move(record));
    }
    events = std::move(decision.events);
  }
  void change(std::vector<model::AlertChange> changes) {
    keep(registry.decide_alerts(now, changes));
  }
  void fire(const Labels& labels, const Labels& annotations = {}) {
    change({testing::fired(now, labels, annotations)});
  }
  void resolve(const Labels& labels) { change({testing::resolved(now, labels)}); }
  void wait(milliseconds by) {
    now += by;
    keep(registry.decide_due(now));
  }
  void step_clock(milliseconds by) {
    now += by;
    journal.push_back(model::clock_step_record(now, by));
    ASSERT_TRUE(registry.apply(journal.back()));
  }

  std::shared_ptr<const Incident> at(std::string_view id) const {
    auto incident = registry.find(id);
    EXPECT_TRUE(incident) << id;
    return incident ? incident : std::make_shared<const Incident>();
  }
  std::string state(std::string_view id) const {
    const auto incident = registry.find(id);
    return incident ? std::string(to_string(incident->state)) : "gone";
  }
  std::vector<EventKind> told() const {
    std::vector<EventKind> kinds;
    for (const Event& event : events) {
      kinds.push_back(event.kind);
    }
    return kinds;
  }
  std::vector<model::Record> records_of(std::string_view id) const {
    std::vector<model::Record> records;
    std::ranges::copy_if(journal, std::back_inserter(records),
                         [&](const model::Record& record) { return record.subject == id; });
    return records;
  }
};

inline Labels alert(std::string_view name, std::string_view service = "",
                    std::string_view severity = "critical") {
  return {{"alertname", name}, {"service", service}, {"severity", severity}};
}

}  // namespace tocsin::incidents
