#include "routing/dispatcher.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "model/payload.h"

namespace tocsin::routing {
namespace {

constexpr base::Duration kFirstNotice = std::chrono::milliseconds(500);
constexpr std::size_t kAlertsPerRecord = 500;

bool is_firing(const model::AlertChange& change) {
  return (change.transition == model::AlertTransition::kFired ||
          change.transition == model::AlertTransition::kUpdated) &&
         change.alert.state == model::AlertState::kFiring && !change.alert.resolved();
}

bool is_cleared(const model::AlertChange& change) {
  return change.transition == model::AlertTransition::kResolved ||
         change.transition == model::AlertTransition::kGone;
}

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
      labels = group_labels(options_.route, change.alert.labels);
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

// A group fits when the route would put every alert of it there again.
bool Dispatcher::fits(const GroupId& id, const Group& group) const {
  return id.first == options_.route.receiver && options_.receivers.contains(id.first) &&
         std::ranges::all_of(group.alerts, [&](const auto& entry) {
           return group_key(group_labels(options_.route, entry.second.labels)) == id.second;
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
    if (!stays && (group.count_firing() > 0 || !options_.receivers.contains(id.first))) {
      handed_over.push_back(make_record(now, "group.handed_over", id.second,
                                        {{"receiver", id.first},
                                         {"group_key", id.second},
                                         {"all", !options_.receivers.contains(id.first)}}));
    }
  }
  Entries arriving(now);
  for (const auto& [fingerprint, alert] : wanted) {
    if (!settled.contains(fingerprint)) {
      const model::Labels labels = group_labels(options_.route, alert->labels);
      arriving.put(fingerprint, {{options_.route.receiver, group_key(labels)}, labels, *alert});
    }
  }
  DispatchDecision decision;
  cleared.write(decision.records);
  std::ranges::move(handed_over, std::back_inserter(decision.records));
  arriving.write(decision.records);
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
  if (group.count_firing() == 0) {
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

base::Status Dispatcher::apply(const model::Record& record) {
  if (record.type == "clock.stepped") {
    model::PayloadReader reader(record.payload);
    const base::Duration by{reader.integer("delta_ms")};
    if (!reader.intact()) {
      return reader.malformed("clock step");
    }
    shift(by);
    return {};
  }
  if (!record.type.starts_with("group.")) {
    return {};
  }
  if (record.version == 1 && record.type == "group.alerts") {
    return apply_alerts(record);
  }
  if (record.version == 1 && record.type == "group.flushed") {
    return apply_flushed(record);
  }
  if (record.version == 1 && record.type == "group.handed_over") {
    return apply_handed_over(record);
  }
  return model::PayloadReader::malformed(record.type + " of an unknown kind or version");
}

base::Status Dispatcher::apply_alerts(const model::Record& record) {
  model::PayloadReader reader(record.payload);
  const GroupId id{reader.text("receiver"), reader.text("group_key")};
  const model::Labels labels = reader.labels("labels");
  std::vector<model::Alert> alerts;
  for (const auto& element : reader.array("alerts")) {
    auto alert = model::alert_from_json(element);
    if (!alert) {
      return alert.error();
    }
    alerts.push_back(*std::move(alert));
  }
  if (!reader.intact() || alerts.empty()) {
    return reader.malformed("alert group");
  }
  auto [entry, added] = groups_.try_emplace(id);
  Group& group = entry->second;
  if (added) {
    group.labels = labels;
    group.created = record.time;
  }
  group.changed = group.changed.value_or(record.time);
  for (model::Alert& alert : alerts) {
    // An alert that has fired for longer than group_wait already (after a start without state, or
    // with a new route) does not wait again.
    if (!group.flushed && !alert.resolved() && alert.fired_at) {
      group.created = std::min(group.created, *alert.fired_at);
    }
    const std::uint64_t fingerprint = alert.labels.hash();
    group_of_[fingerprint] = id;
    group.alerts[fingerprint] = std::move(alert);
  }
  return {};
}

base::Status Dispatcher::apply_flushed(const model::Record& record) {
  model::PayloadReader reader(record.payload);
  const GroupId id{reader.text("receiver"), reader.text("group_key")};
  std::map<std::string, bool> integrations;
  for (const auto& element : reader.array("integrations")) {
    model::PayloadReader part(element);
    const std::string name = part.text("name");
    integrations[name] = part.flag("told");
    if (!part.intact()) {
      reader.fail();
    }
  }
  if (!reader.intact()) {
    return reader.malformed("flush of an alert group");
  }
  ++flushes_;
  const auto entry = groups_.find(id);
  if (entry == groups_.end()) {
    return {};
  }
  Group& group = entry->second;
  std::set<std::uint64_t> firing;
  for (const auto& [fingerprint, alert] : group.alerts) {
    if (!alert.resolved()) {
      firing.insert(fingerprint);
    }
  }
  std::erase_if(group.told, [&](const auto& told) { return !integrations.contains(told.first); });
  for (const auto& [name, told] : integrations) {
    if (told) {
      group.told[name] = {firing, record.time};
    } else if (const auto known = group.told.find(name); known != group.told.end()) {
      std::erase_if(known->second.firing,
                    [&](std::uint64_t fingerprint) { return !firing.contains(fingerprint); });
    }
  }
  group.flushed = record.time;
  ++group.flushes;
  group.changed.reset();
  drop_alerts(id, [](const model::Alert& alert) { return alert.resolved(); });
  return {};
}

base::Status Dispatcher::apply_handed_over(const model::Record& record) {
  model::PayloadReader reader(record.payload);
  const GroupId id{reader.text("receiver"), reader.text("group_key")};
  const bool all = reader.flag("all");
  if (!reader.intact()) {
    return reader.malformed("handing over of an alert group");
  }
  if (const auto entry = groups_.find(id); entry != groups_.end()) {
    entry->second.changed = entry->second.changed.value_or(record.time);
    drop_alerts(id, [all](const model::Alert& alert) { return all || !alert.resolved(); });
  }
  return {};
}

// Takes alerts out of a group, and the group away when it was left without any.
void Dispatcher::drop_alerts(const GroupId& id,
                             const std::function<bool(const model::Alert&)>& goes) {
  Group& group = groups_.at(id);
  for (auto entry = group.alerts.begin(); entry != group.alerts.end();) {
    if (!goes(entry->second)) {
      ++entry;
      continue;
    }
    const auto home = group_of_.find(entry->first);
    if (home != group_of_.end() && home->second == id) {
      group_of_.erase(home);
      if (entry->second.resolved()) {
        observed_.erase(entry->first);
      }
    }
    for (auto& [name, told] : group.told) {
      told.firing.erase(entry->first);
    }
    entry = group.alerts.erase(entry);
  }
  if (group.alerts.empty()) {
    groups_.erase(id);
  }
}

void Dispatcher::shift(base::Duration by) {
  for (auto& [id, group] : groups_) {
    group.created += by;
    if (group.flushed) {
      *group.flushed += by;
    }
    if (group.changed) {
      *group.changed += by;
    }
    for (auto& [name, told] : group.told) {
      told.at += by;
    }
  }
}

boost::json::object Dispatcher::save() const {
  boost::json::array groups;
  for (const auto& [id, group] : groups_) {
    groups.push_back(boost::json::object{
        {"receiver", id.first}, {"group_key", id.second}, {"group", to_json(group)}});
  }
  return {{"flushes", static_cast<std::int64_t>(flushes_)}, {"groups", std::move(groups)}};
}

base::Status Dispatcher::load(const boost::json::value& json) {
  model::PayloadReader reader(json);
  const std::int64_t flushes = reader.integer("flushes");
  std::map<GroupId, Group> groups;
  std::map<std::uint64_t, GroupId> group_of;
  for (const auto& element : reader.array("groups")) {
    model::PayloadReader part(element);
    const GroupId id{part.text("receiver"), part.text("group_key")};
    auto group = group_from_json(part.object("group"));
    if (!part.intact() || !group) {
      return part.malformed("alert group");
    }
    for (const auto& [fingerprint, alert] : group->alerts) {
      // An alert may be firing in one group and wait, resolved, for the last look of an old one.
      if (!group_of.contains(fingerprint) || !alert.resolved()) {
        group_of[fingerprint] = id;
      }
    }
    groups[id] = *std::move(group);
  }
  if (!reader.intact() || flushes < 0) {
    return reader.malformed("alert groups");
  }
  groups_ = std::move(groups);
  group_of_ = std::move(group_of);
  flushes_ = static_cast<std::uint64_t>(flushes);
  observed_.clear();
  return {};
}

}  // namespace tocsin::routing
