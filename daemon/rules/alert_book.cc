#include "rules/alert_book.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <utility>

#include "model/clock_step.h"
#include "model/payload.h"

namespace tocsin::rules {
namespace {

namespace json = boost::json;

base::Error malformed(std::string_view what) {
  return {base::ErrorCode::kCorrupt, "malformed " + std::string(what) + " in a stored alert"};
}

json::object id_to_json(const RuleId& id) {
  json::object object;
  object["file"] = id.file;
  object["group"] = id.group;
  object["name"] = id.name;
  object["labels"] = id.labels;
  object["nth"] = static_cast<std::int64_t>(id.nth);
  return object;
}

base::Result<RuleId> id_from_json(const json::value* value) {
  if (value == nullptr || !value->is_object()) {
    return malformed("rule");
  }
  RuleId id;
  const json::object& object = value->get_object();
  const std::pair<const char*, std::string*> texts[] = {
      {"file", &id.file}, {"group", &id.group}, {"name", &id.name}, {"labels", &id.labels}};
  for (const auto& [key, target] : texts) {
    const json::value* text = object.if_contains(key);
    if (text == nullptr || !text->is_string()) {
      return malformed("rule");
    }
    target->assign(std::string_view(text->get_string()));
  }
  const json::value* nth = object.if_contains("nth");
  if (nth == nullptr || !nth->is_int64() || nth->get_int64() < 0) {
    return malformed("rule");
  }
  id.nth = static_cast<std::size_t>(nth->get_int64());
  return id;
}

json::object alert_to_json(const ActiveAlert& active) {
  json::object object;
  object["alert"] = model::to_json(active.alert);
  if (active.keep_firing_since) {
    object["keep_firing_since"] = base::to_millis(*active.keep_firing_since);
  }
  if (active.data_missing_since) {
    object["data_missing_since"] = base::to_millis(*active.data_missing_since);
    object["data_missing_told"] = active.data_missing_told;
  }
  return object;
}

base::Result<ActiveAlert> alert_from_json(const json::object& object) {
  const json::value* value = object.if_contains("alert");
  if (value == nullptr) {
    return malformed("alert");
  }
  auto alert = model::alert_from_json(*value);
  if (!alert) {
    return alert.error();
  }
  ActiveAlert active{std::move(*alert)};
  if (const json::value* since = object.if_contains("keep_firing_since"); since != nullptr) {
    if (!since->is_int64()) {
      return malformed("keep_firing_since");
    }
    active.keep_firing_since = base::from_millis(since->get_int64());
  }
  model::PayloadReader reader(object);
  active.data_missing_since = reader.optional_time("data_missing_since");
  active.data_missing_told = active.data_missing_since && reader.flag("data_missing_told");
  if (!reader.intact()) {
    return malformed("data_missing_since");
  }
  return active;
}

bool is_alert_record(std::string_view type) {
  return type == record_type::kPending || type == record_type::kFired ||
         type == record_type::kResolved || type == record_type::kGone ||
         type == record_type::kKeepFiring || type == record_type::kHeld;
}

}  // namespace

model::Record alert_record(std::string_view type, const RuleId& rule, const ActiveAlert& alert,
                           base::WallTime time) {
  model::Record record;
  record.type = std::string(type);
  record.time = time;
  record.actor = "rule";
  record.subject = alert.alert.fingerprint();
  record.payload = alert_to_json(alert);
  record.payload["rule"] = id_to_json(rule);
  return record;
}

model::Record moved_record(const RuleId& from, const RuleId& to, base::WallTime time) {
  model::Record record;
  record.type = std::string(record_type::kMoved);
  record.time = time;
  record.actor = "system";
  record.payload["rule"] = id_to_json(from);
  record.payload["to"] = id_to_json(to);
  return record;
}

base::Status AlertBook::apply(const model::Record& record) {
  if (record.type == model::kClockStepped) {
    return apply_clock_step(record);
  }
  if (record.type == record_type::kUnwatched) {
    return apply_unwatched(record);
  }
  if (record.type == record_type::kMoved) {
    return apply_moved(record);
  }
  if (is_alert_record(record.type)) {
    return apply_alert(record);
  }
  return {};
}

base::Status AlertBook::apply_alert(const model::Record& record) {
  const auto id = id_from_json(record.payload.if_contains("rule"));
  if (!id) {
    return id.error();
  }
  auto active = alert_from_json(record.payload);
  if (!active) {
    return active.error();
  }
  AlertMap& alerts = rules_[*id];
  model::Labels labels = active->alert.labels;
  if (record.type == record_type::kGone) {
    alerts.erase(labels);
  } else {
    alerts.insert_or_assign(std::move(labels), std::move(*active));
  }
  std::erase_if(alerts, [&](const auto& entry) {
    const auto& resolved_at = entry.second.alert.resolved_at;
    return resolved_at && record.time - *resolved_at > resolved_retention_;
  });
  if (alerts.empty()) {
    rules_.erase(*id);
  }
  return {};
}

base::Status AlertBook::apply_moved(const model::Record& record) {
  const auto from = id_from_json(record.payload.if_contains("rule"));
  const auto to = id_from_json(record.payload.if_contains("to"));
  if (!from || !to) {
    return from ? to.error() : from.error();
  }
  const auto old = rules_.find(*from);
  if (old != rules_.end() && *from != *to) {
    AlertMap alerts = std::move(old->second);
    rules_.erase(old);
    rules_[*to].merge(std::move(alerts));
  }
  return {};
}

base::Status AlertBook::apply_clock_step(const model::Record& record) {
  const auto delta = model::clock_step(record);
  if (!delta) {
    return delta.error();
  }
  for (auto& [id, alerts] : rules_) {
    for (auto& [labels, active] : alerts) {
      // What counts is how long it has been pending, or firing without cause: the step must
      // neither add to it nor take from it. Times of what has happened stay as they were told.
      if (active.alert.state == model::AlertState::kPending) {
        active.alert.active_at += *delta;
      }
      if (active.keep_firing_since) {
        *active.keep_firing_since += *delta;
      }
      if (active.data_missing_since) {
        *active.data_missing_since += *delta;
      }
    }
  }
  return {};
}

base::Status AlertBook::apply_unwatched(const model::Record& record) {
  model::PayloadReader reader(record.payload);
  const base::Duration lasted{reader.integer("lasted_ms")};
  if (!reader.intact() || lasted < base::Duration::zero()) {
    return malformed("unwatched time");
  }
  for (auto& [id, alerts] : rules_) {
    for (auto& [labels, active] : alerts) {
      if (active.alert.state == model::AlertState::kPending) {
        active.alert.active_at += lasted;
      }
    }
  }
  return {};
}

const AlertMap& AlertBook::alerts(const RuleId& rule) const {
  static const AlertMap kNone;
  const auto found = rules_.find(rule);
  return found == rules_.end() ? kNone : found->second;
}

json::object AlertBook::save() const {
  json::array rules;
  for (const auto& [id, alerts] : rules_) {
    json::array list;
    for (const auto& [labels, active] : alerts) {
      list.push_back(alert_to_json(active));
    }
    json::object rule;
    rule["rule"] = id_to_json(id);
    rule["alerts"] = std::move(list);
    rules.push_back(std::move(rule));
  }
  json::object state;
  state["alerts"] = std::move(rules);
  return state;
}

base::Status AlertBook::load(const json::object& state) {
  std::map<RuleId, AlertMap> rules;
  const json::value* list = state.if_contains("alerts");
  if (list == nullptr || !list->is_array()) {
    return malformed("snapshot");
  }
  for (const json::value& entry : list->get_array()) {
    const json::object* rule = entry.if_object();
    const json::value* alerts = rule != nullptr ? rule->if_contains("alerts") : nullptr;
    if (alerts == nullptr || !alerts->is_array()) {
      return malformed("snapshot");
    }
    const auto id = id_from_json(rule->if_contains("rule"));
    if (!id) {
      return id.error();
    }
    for (const json::value& item : alerts->get_array()) {
      if (!item.is_object()) {
        return malformed("snapshot");
      }
      auto active = alert_from_json(item.get_object());
      if (!active) {
        return active.error();
      }
      model::Labels labels = active->alert.labels;
      rules[*id].insert_or_assign(std::move(labels), std::move(*active));
    }
  }
  rules_ = std::move(rules);
  return {};
}

}  // namespace tocsin::rules
