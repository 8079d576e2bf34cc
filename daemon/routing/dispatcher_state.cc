// How records change the dispatcher, and its snapshots; see dispatcher.h.
#include <algorithm>
#include <set>
#include <utility>

#include "model/clock_step.h"
#include "model/payload.h"
#include "routing/dispatcher.h"

namespace tocsin::routing {

base::Status Dispatcher::apply(const model::Record& record) {
  const auto step = model::apply_clock_step(record, [this](base::Duration by) { shift(by); });
  if (step) {
    return *step;
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
  if (record.version == 1 && record.type == "group.refused") {
    return apply_refused(record);
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
      group.told[name] = {.firing = firing, .at = record.time, .refused = false};
    }
  }
  group.flushed = record.time;
  ++group.flushes;
  group.changed.reset();
  drop_alerts(id, [](const model::Alert& alert) { return alert.resolved(); });
  return {};
}

base::Status Dispatcher::apply_refused(const model::Record& record) {
  model::PayloadReader reader(record.payload);
  const GroupId id{reader.text("receiver"), reader.text("group_key")};
  const std::string integration = reader.text("integration");
  const model::Labels labels = reader.labels("labels");
  const base::WallTime looked = reader.time("looked");
  std::vector<model::Alert> alerts;
  for (const auto& element : reader.array("alerts")) {
    auto alert = model::alert_from_json(element);
    if (!alert || !alert->resolved()) {
      return reader.malformed("refusal of a notice");
    }
    alerts.push_back(*std::move(alert));
  }
  if (!reader.intact()) {
    return reader.malformed("refusal of a notice");
  }
  if (alerts.empty() && !groups_.contains(id)) {
    return {};
  }
  auto [entry, added] = groups_.try_emplace(id);
  Group& group = entry->second;
  if (added) {
    group.labels = labels;
    group.created = looked;
    group.flushed = looked;
    group.flushes = 1;
  }
  group.changed = group.changed.value_or(record.time);
  const auto known = group.told.try_emplace(integration, Told{.firing = {}, .at = looked}).first;
  Told& told = known->second;
  told.refused = true;
  for (model::Alert& alert : alerts) {
    // Whatever has become of it since: who refused its end may know it as firing.
    const std::uint64_t fingerprint = alert.labels.hash();
    told.firing.insert(fingerprint);
    if (group.alerts.try_emplace(fingerprint, std::move(alert)).second) {
      group_of_.try_emplace(fingerprint, id);
    }
  }
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

// Takes alerts out of a group and out of what was told of it; the group goes with its last alert.
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
