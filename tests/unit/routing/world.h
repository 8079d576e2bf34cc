#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/random.h"
#include "model/clock_step.h"
#include "routing/dispatcher.h"
#include "routing/outbox.h"
#include "support/alerts.h"

namespace tocsin::routing {

using model::Labels;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// A receiver with two integrations; only the first tells of resolved alerts.
inline DispatcherOptions two_integrations() {
  DispatcherOptions options;
  options.route.receiver = "team";
  options.route.group_by = {"alertname"};
  options.receivers["team"] = {{"webhook[0]", true}, {"exec[0]", false}};
  options.external_url = "http://tocsin";
  return options;
}

inline DispatcherOptions one_integration() {
  DispatcherOptions options = two_integrations();
  options.receivers["team"].pop_back();
  return options;
}

/// A dispatcher that lives through alerts in simulated time; the notices are kept.
struct World {
  base::WallTime now = base::from_millis(1'767'225'600'000);
  base::WallTime start = now;
  Dispatcher dispatcher;
  std::vector<model::Record> journal;
  std::vector<model::Notice> notices;

  explicit World(DispatcherOptions options = one_integration()) : dispatcher(std::move(options)) {}

  void keep(DispatchDecision decision) {
    for (model::Record& record : decision.records) {
      const auto applied = dispatcher.apply(record);
      ASSERT_TRUE(applied) << applied.error().to_string();
      journal.push_back(std::move(record));
    }
    std::ranges::move(decision.notices, std::back_inserter(notices));
  }
  static std::optional<model::IncidentBrief> incident_of(const Labels& labels) {
    if (!labels.has("service")) {
      return std::nullopt;
    }
    model::IncidentBrief brief;
    brief.id = "INC-" + std::string(labels.get("service"));
    return brief;
  }
  void look() { keep(dispatcher.decide_due(now, incident_of)); }
  void change(std::vector<model::AlertChange> changes) {
    dispatcher.observe(changes);
    keep(dispatcher.decide_alerts(now, changes));
    look();
  }
  void fire(const Labels& labels, const Labels& annotations = {}) {
    change({testing::fired(now, labels, annotations)});
  }
  void resolve(const Labels& labels) { change({testing::resolved(now, labels)}); }
  /// The receiver refuses the newest notice.
  void refuse() { keep(dispatcher.decide_refused(now, model::Notice(notices.back()), false)); }
  /// Time passes, and every deadline on the way is served.
  void wait(milliseconds by) {
    const base::WallTime end = now + by;
    for (auto next = dispatcher.next_deadline(); next && *next <= end;
         next = dispatcher.next_deadline()) {
      ASSERT_GE(*next, now - hours(24));
      now = std::max(now, *next);
      const std::size_t before = journal.size();
      look();
      ASSERT_GT(journal.size(), before) << "a deadline without anything to do";
    }
    now = end;
  }
  /// "30s webhook[0] firing A/x B/y-" for each notice; a minus marks resolved alerts.
  std::vector<std::string> told() const {
    std::vector<std::string> lines;
    for (const model::Notice& notice : notices) {
      std::string line = base::format_duration(notice.created_at - start) + " " +
                         notice.integration + (notice.resolved ? " resolved" : " firing");
      for (const model::Alert& alert : notice.alerts) {
        line += " " + std::string(alert.labels.get("alertname")) + "/" +
                std::string(alert.labels.get("instance")) + (alert.resolved() ? "-" : "");
      }
      lines.push_back(line);
    }
    return lines;
  }
};

inline Labels alert(std::string_view name, std::string_view instance) {
  return {{"alertname", name}, {"instance", instance}};
}

}  // namespace tocsin::routing
