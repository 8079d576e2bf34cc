#include "routing/dispatcher.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "model/alert_change.h"

namespace tocsin::routing {
namespace {

constexpr base::Duration kFirstNotice = std::chrono::milliseconds(500);
constexpr std::size_t kAlertsPerRecord = 500;
// Of a receiver that refuses everything not more is kept than of one that does not answer.
constexpr base::Duration kResolvedAgain = std::chrono::hours(24);

// Alertmanager looks at a group every interval from its first flush on: the first such look after
// the anchor that is not before `time`.
base::WallTime tick(base::WallTime anchor, base::Duration interval, base::WallTime time) {
  interval = std::max(interval, base::Duration(1));
  const auto since = time - anchor;
  const auto intervals = (since.count() + interval.count() - 1) / interval.count();
  return anchor + interval * std::max<std::int64_t>(intervals, 1);
}

void keep_earliest(std::optional<base::WallTime>& earliest, base::WallTime time) {
  earliest = earliest ? std::min(*earliest, time) : time;
}

model::Alert resolved_copy(const model::Alert& alert, base::WallTime at) {
  model::Alert copy = alert;
  copy.state = model::AlertState::kInactive;
  copy.resolved_at = copy.resolved_at.value_or(at);
  return copy;
}

model::Record make_record(base::WallTime now, std::string type, std::string subject,
                          boost::json::object payload) {
  model::Record record;
  record.type = std::move(type);
  record.time = now;
  record.actor = "system";
  record.subject = std::move(subject);
  record.payload = std::move(payload);
  return record;
}

// Alerts that enter groups in one decision, until they become records.
class Entries {
 public:
  explicit Entries(base::WallTime now) : now_(now) {}

  struct Entry {
    GroupId group;
    model::Labels group_labels;
    model::Alert alert;
  };

  const Entry* find(std::uint64_t fingerprint) const {
    const auto entry = entries_.find(fingerprint);
    return entry == entries_.end() ? nullptr : &entry->second;
  }

  void put(std::uint64_t fingerprint, Entry entry) { entries_[fingerprint] = std::move(entry); }

  void write(std::vector<model::Record>& records) const {
    std::map<GroupId, std::vector<const Entry*>> groups;
    for (const auto& [fingerprint, entry] : entries_) {
      groups[entry.group].push_back(&entry);
    }
    for (const auto& [id, entries] : groups) {
      for (std::size_t first = 0; first < entries.size(); first += kAlertsPerRecord) {
        boost::json::array alerts;
        const std::size_t last = std::min(entries.size(), first + kAlertsPerRecord);
        for (std::size_t at = first; at < last; ++at) {
          alerts.push_back(model::to_json(entries[at]->alert));
        }
        records.push_back(make_record(now_, "group.alerts", id.second,
                                      {{"receiver", id.first},
                                       {"group_key", id.second},
                                       {"labels", model::to_json(entries[first]->group_labels)},
                                       {"alerts", std::move(alerts)}}));
      }
    }
  }

 private:
  base::WallTime now_;
  std::map<std::uint64_t, Entry> entries_;
};

}  // namespace

Dispatcher::Dispatcher(DispatcherOptions options) : options_(std::move(options)) {}

void Dispatcher::configure(DispatcherOptions options) { options_ = std::move(options); }

void Dispatcher::observe(std::span<const model::AlertChange> changes) {
  for (const model::AlertChange& change : changes) {
    const std::uint64_t fingerprint = change.alert.labels.hash();
    if (is_firing(change)) {
      model::Alert& observed = observed_[fingerprint];
      // Latency is measured from the sample that made the alert fire, not from the newest one.
      const auto arrival = change.transition == model::AlertTransition::kFired
                               ? change.alert.sample_arrival
                               : observed.sample_arrival;
      observed = change.alert;
      observed.sample_arrival = arrival;
    } else if (is_cleared(change) && group_of_.contains(fingerprint)) {
      observed_[fingerprint] = change.alert;
    } else {
      observed_.erase(fingerprint);
    }
  }
}

DispatchDecision Dispatcher::decide_alerts(base::WallTime now,
                                           std::span<const model::AlertChange> changes) const {
  Entries entries(now);
  for (const model::AlertChange& change : changes) {
    if (!is_firing(change) && !is_cleared(change)) {
      continue;
    }
    const std::uint64_t fingerprint = change.alert.labels.hash();
    const auto* entry = entries.find(fingerprint);
    const auto home = group_of_.find(fingerprint);
    const model::Alert* known = nullptr;
    GroupId id;
    model::Labels labels;
    if (entry != nullptr) {
      known = &entry->alert;
      id = entry->group;
      labels = entry->group_labels;
    } else if (home != group_of_.end()) {
      id = home->second;
      known = &groups_.at(id).alerts.at(fingerprint);
      labels = groups_.at(id).labels;
    } else {
      labels = group_labels_of(change.alert.labels);
      id = {options_.route.receiver, group_key(labels)};
    }
    if (is_firing(change) && (known == nullptr || known->resolved())) {
      entries.put(fingerprint, {id, labels, change.alert});
    } else if (is_cleared(change) && known != nullptr && !known->resolved()) {
      entries.put(fingerprint, {id, labels, resolved_copy(change.alert, now)});
    }
  }
  DispatchDecision decision;
  entries.write(decision.records);
  return decision;
}

model::Labels Dispatcher::told_labels(const model::Labels& labels) const {
  if (options_.external_labels.empty()) {
    return labels;
  }
  model::LabelsBuilder told(options_.external_labels);
  for (const model::Label& label : labels) {
    told.set(label);
  }
  return told.build();
}

model::Labels Dispatcher::group_labels_of(const model::Labels& labels) const {
  return group_labels(options_.route, told_labels(labels));
}

// A group fits when the route would put every alert of it there again.
bool Dispatcher::fits(const GroupId& id, const Group& group) const {
  return id.first == options_.route.receiver && options_.receivers.contains(id.first) &&
         std::ranges::all_of(group.alerts, [&](const auto& entry) {
           return group_key(group_labels_of(entry.second.labels)) == id.second;
         });
}

DispatchDecision Dispatcher::decide_reconcile(base::WallTime now,
                                              std::span<const model::Alert> firing) const {
  std::map<std::uint64_t, const model::Alert*> wanted;
  for (const model::Alert& alert : firing) {
    wanted[alert.labels.hash()] = &alert;
  }
  Entries cleared(now);
  std::vector<model::Record> handed_over;
  std::set<std::uint64_t> settled;
  for (const auto& [id, group] : groups_) {
    const bool stays = fits(id, group);
    for (const auto& [fingerprint, alert] : group.alerts) {
      if (!alert.resolved() && !wanted.contains(fingerprint)) {
        cleared.put(fingerprint, {id, group.labels, resolved_copy(alert, now)});
      } else if (!alert.resolved() && stays) {
        settled.insert(fingerprint);
      }
    }
    // Old groups that have handed their alerts over wait for their last look.
    if (!stays && (group.has_firing() || !options_.receivers.contains(id.first))) {
      handed_over.push_back(make_record(now, "group.handed_over", id.second,
                                        {{"receiver", id.first},
                                         {"group_key", id.second},
                                         {"all", !options_.receivers.contains(id.first)}}));
    }
  }
  Entries arriving(now);
  for (const auto& [fingerprint, alert] : wanted) {
    if (!settled.contains(fingerprint)) {
      const model::Labels labels = group_labels_of(alert->labels);
      arriving.put(fingerprint, {{options_.route.receiver, group_key(labels)}, labels, *alert});
    }
  }
  DispatchDecision decision;
  cleared.write(decision.records);
  std::ranges::move(handed_over, std::back_inserter(decision.records));
  arriving.write(decision.records);
  return decision;
}

DispatchDecision Dispatcher::decide_refused(base::WallTime now, const model::Notice& notice,
                                            bool queued) const {
  DispatchDecision decision;
  const auto is_it = [&](const Integration& known) { return known.name == notice.integration; };
  if (std::ranges::none_of(integrations(notice.receiver), is_it)) {
    return decision;
  }
  const GroupId id{notice.receiver, notice.group_key};
  const auto group = groups_.find(id);
  bool again = group != groups_.end() && group->second.has_firing() && !queued;
  boost::json::array resolved;
  for (const model::Alert& alert : notice.alerts) {
    if (alert.resolved() && *alert.resolved_at + kResolvedAgain > now) {
      resolved.push_back(model::to_json(alert));
      again = true;
    }
  }
  if (again) {
    decision.records.push_back(make_record(now, "group.refused", id.second,
                                           {{"receiver", id.first},
                                            {"group_key", id.second},
                                            {"integration", notice.integration},
                                            {"labels", model::to_json(notice.group_labels)},
                                            {"looked", base::to_millis(notice.created_at)},
                                            {"alerts", std::move(resolved)}}));
  }
  return decision;
}

const std::vector<Integration>& Dispatcher::integrations(const std::string& receiver) const {
  static const std::vector<Integration> kNone;
  const auto found = options_.receivers.find(receiver);
  return found == options_.receivers.end() ? kNone : found->second;
}

std::optional<base::WallTime> Dispatcher::due_at(const GroupId& id, const Group& group) const {
  const Route& route = options_.route;
  if (!options_.receivers.contains(id.first)) {
    return std::nullopt;
  }
  const bool early = route.first_notice_now && route.group_wait > kFirstNotice;
  if (!group.flushed) {
    return group.created + (early ? kFirstNotice : route.group_wait);
  }
  // After an early first notice the look at group_wait counts as the first one.
  const base::WallTime opening = group.created + route.group_wait;
  const bool opening_ahead = early && group.flushes == 1 && *group.flushed < opening;
  const base::WallTime anchor = opening_ahead ? opening : *group.flushed;
  std::optional<base::WallTime> due;
  if (group.changed) {
    due = opening_ahead && *group.changed <= opening
              ? opening
              : tick(anchor, route.group_interval, *group.changed);
  }
  if (!group.has_firing()) {
    return due;
  }
  for (const Integration& integration : integrations(id.first)) {
    const auto told = group.told.find(integration.name);
    const auto repeat = told == group.told.end() ? anchor : told->second.at + route.repeat_interval;
    keep_earliest(due, tick(anchor, route.group_interval, repeat));
  }
  return due;
}

std::optional<base::WallTime> Dispatcher::next_deadline() const {
  std::optional<base::WallTime> next;
  for (const auto& [id, group] : groups_) {
    if (const auto due = due_at(id, group)) {
      keep_earliest(next, *due);
    }
  }
  return next;
}

DispatchDecision Dispatcher::decide_due(base::WallTime now,
                                        const IncidentLookup& incident_of) const {
  DispatchDecision decision;
  std::uint64_t number = flushes_;
  for (const auto& [id, group] : groups_) {
    const auto due = due_at(id, group);
    if (due && *due <= now) {
      flush(now, {id, group, ++number}, incident_of, decision);
    }
  }
  return decision;
}

}  // namespace tocsin::routing
