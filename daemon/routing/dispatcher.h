#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/alert.h"
#include "model/notice.h"
#include "model/record.h"
#include "routing/config.h"
#include "routing/group.h"

namespace tocsin::routing {

/// One integration of a receiver as routing has to know it.
struct Integration {
  std::string name;  ///< such as "slack[0]"
  bool send_resolved = true;
};

struct DispatcherOptions {
  Route route;
  std::map<std::string, std::vector<Integration>> receivers;
  std::string external_url;
  /// Added to what grouping and notices see of an alert's labels, as Prometheus does when it sends
  /// alerts; the alert's own labels win.
  model::Labels external_labels = {};
  /// More alerts than this are told in several notices.
  std::size_t max_alerts = 10'000;
};

struct DispatchDecision {
  std::vector<model::Record> records;  ///< "group.*" and "notice.queued"
  /// What the notice.queued records hold, with the arrival times that records do not keep.
  std::vector<model::Notice> notices;
  bool empty() const { return records.empty(); }
};

/// The incident that an alert belongs to, if any: incidents::Registry::brief_for().
using IncidentLookup = std::function<std::optional<model::IncidentBrief>(const model::Labels&)>;

/// Alerts are kept, and looked up in incidents, by their own labels: other external labels never
/// make an alert resolve. Puts alerts into groups and decides when which integration is told what,
/// as Alertmanager does: group_wait for a new group, then a look every group_interval, a notice
/// when something new fires or has resolved, or when repeat_interval has passed. Main loop only.
///
/// One input of the shell: observe(changes); decide_alerts(); apply its records; decide_due();
/// apply its records; append all of them in one transaction.
class Dispatcher {
 public:
  explicit Dispatcher(DispatcherOptions options);

  /// Takes a new configuration; decide_reconcile() then moves alerts where they belong now.
  void configure(DispatcherOptions options);

  /// Remembers the newest annotations, values and arrival times of alerts. Volatile on purpose:
  /// they change with every evaluation, and a notice carries its own copy.
  void observe(std::span<const model::AlertChange> changes);

  /// Alerts that fired or resolved enter their groups.
  DispatchDecision decide_alerts(base::WallTime now,
                                 std::span<const model::AlertChange> changes) const;

  /// After a start or a new configuration: `firing` are all alerts that fire now. Missing ones
  /// enter a group, those that no longer fire count as resolved, and groups that the route would
  /// not make any more hand their firing alerts over.
  DispatchDecision decide_reconcile(base::WallTime now, std::span<const model::Alert> firing) const;

  /// Looks at every group whose time has come and queues notices.
  DispatchDecision decide_due(base::WallTime now, const IncidentLookup& incident_of) const;

  /// A receiver has refused a notice for good. What it was to say is told anew at the group's next
  /// look, as Alertmanager does: what still fires unless a later notice is `queued` that says so,
  /// and what had resolved within the last day.
  DispatchDecision decide_refused(base::WallTime now, const model::Notice& notice,
                                  bool queued) const;

  /// kCorrupt for a "group." record that does not decode or does not fit; the state is as before
  /// then. Records of other rooms are ignored, but for "clock.stepped".
  base::Status apply(const model::Record& record);

  boost::json::object save() const;
  /// Replaces everything by what save() gave. On kCorrupt nothing changes.
  base::Status load(const boost::json::value& json);

  /// When decide_due() has something to do next.
  std::optional<base::WallTime> next_deadline() const;

  /// Everything that is grouped now, in order of receiver and key, for /api/v2/alerts/groups.
  const std::map<GroupId, Group>& groups() const { return groups_; }

 private:
  /// One look at one group; numbered over all groups, ever.
  struct Look {
    const GroupId& id;
    const Group& group;
    std::uint64_t number = 0;
  };
  /// What one integration is to be told at a look.
  struct Selection {
    bool due = false;
    std::vector<std::uint64_t> alerts;  ///< fingerprints of what the notice lists
    std::set<std::uint64_t> news;       ///< those that it has not been told in this state
  };

  /// The labels of an alert as receivers know them.
  model::Labels told_labels(const model::Labels& labels) const;
  model::Labels group_labels_of(const model::Labels& labels) const;
  /// A notice in as many parts as it takes.
  std::vector<model::Notice> split(model::Notice notice) const;
  bool fits(const GroupId& id, const Group& group) const;
  std::optional<base::WallTime> due_at(const GroupId& id, const Group& group) const;
  const std::vector<Integration>& integrations(const std::string& receiver) const;
  void flush(base::WallTime now, const Look& look, const IncidentLookup& incident_of,
             DispatchDecision& decision) const;
  Selection select(base::WallTime now, const Group& group, const Integration& integration) const;
  model::Notice make_notice(base::WallTime now, const Look& look, const Selection& selection,
                            const IncidentLookup& incident_of) const;
  base::Status apply_alerts(const model::Record& record);
  base::Status apply_flushed(const model::Record& record);
  base::Status apply_refused(const model::Record& record);
  base::Status apply_handed_over(const model::Record& record);
  void drop_alerts(const GroupId& id, const std::function<bool(const model::Alert&)>& goes);
  void shift(base::Duration by);

  DispatcherOptions options_;
  std::map<GroupId, Group> groups_;
  std::map<std::uint64_t, GroupId> group_of_;       // where each firing or unflushed alert is
  std::uint64_t flushes_ = 0;                       // of all groups ever; part of notice ids
  std::map<std::uint64_t, model::Alert> observed_;  // volatile
};

}  // namespace tocsin::routing
