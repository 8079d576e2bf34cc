// What a look at a group tells to whom: Alertmanager's deduplication, decided once per integration.
#include <algorithm>
#include <functional>
#include <iterator>
#include <set>
#include <utility>

#include "base/hash.h"
#include "routing/dispatcher.h"

namespace tocsin::routing {
namespace {

// Alertmanager's order: by job, then instance (those without come last), then all labels.
bool comes_before(const model::Alert& a, const model::Alert& b) {
  for (const std::string_view name : {"job", "instance"}) {
    const std::string_view left = a.labels.get(name);
    const std::string_view right = b.labels.get(name);
    if (left != right) {
      return !left.empty() && (right.empty() || left < right);
    }
  }
  return a.labels < b.labels;
}

// The pairs that all label sets share.
template <class Member>
model::Labels common(const std::vector<model::Alert>& alerts, Member member) {
  std::vector<model::Label> shared;
  if (alerts.empty()) {
    return {};
  }
  for (const model::Label& label : std::invoke(member, alerts.front())) {
    const bool everywhere = std::ranges::all_of(alerts, [&](const model::Alert& alert) {
      return std::invoke(member, alert).get(label.name.view()) == label.value.view();
    });
    if (everywhere) {
      shared.push_back(label);
    }
  }
  return model::Labels(std::move(shared));
}

// Stable over retries and restarts, and different for every look at every group ever: the time
// keeps it so even when the journal lost the last looks.
std::string notice_id(const GroupId& id, const std::string& integration, std::uint64_t number,
                      base::WallTime now, std::size_t part) {
  std::uint64_t hash = base::fnv1a(id.second);
  const auto add = [&](const std::string& text) {
    hash = base::fnv1a(text, base::fnv1a("\xff", hash));
  };
  add(id.first);
  add(integration);
  add(std::to_string(number));
  add(std::to_string(base::to_millis(now)));
  if (part > 0) {
    add(std::to_string(part));
  }
  return base::to_hex(hash);
}

}  // namespace

void Dispatcher::flush(base::WallTime now, const Look& look, const IncidentLookup& incident_of,
                       DispatchDecision& decision) const {
  const auto& [id, group, number] = look;
  boost::json::array integrations;
  std::vector<model::Notice> notices;
  for (const Integration& integration : this->integrations(id.first)) {
    const Selection selection = select(now, group, integration);
    integrations.push_back(
        boost::json::object{{"name", integration.name}, {"told", selection.due}});
    if (selection.due && !selection.alerts.empty()) {
      model::Notice whole = make_notice(now, look, selection, incident_of);
      whole.integration = integration.name;
      std::size_t part = 0;
      for (model::Notice& notice : split(std::move(whole))) {
        notice.id = notice_id(id, integration.name, number, now, part++);
        notices.push_back(std::move(notice));
      }
    }
  }
  model::Record flushed;
  flushed.type = "group.flushed";
  flushed.time = now;
  flushed.actor = "system";
  flushed.subject = id.second;
  flushed.payload = {
      {"receiver", id.first}, {"group_key", id.second}, {"integrations", std::move(integrations)}};
  decision.records.push_back(std::move(flushed));
  for (model::Notice& notice : notices) {
    model::Record queued;
    queued.type = "notice.queued";
    queued.time = now;
    queued.actor = "system";
    queued.subject = notice.id;
    queued.payload = model::to_json(notice);
    decision.records.push_back(std::move(queued));
    decision.notices.push_back(std::move(notice));
  }
}

// Something is due when an alert fires that the integration has not been told of, when one that it
// has been told of resolved, when it was told too long ago, or when it refused what it was told.
// Without send_resolved a group that has resolved is only booked as told.
Dispatcher::Selection Dispatcher::select(base::WallTime now, const Group& group,
                                         const Integration& integration) const {
  const auto told = group.told.find(integration.name);
  Selection selection;
  bool firing = false;
  bool resolved = false;
  for (const auto& [fingerprint, alert] : group.alerts) {
    const bool known = told != group.told.end() && told->second.firing.contains(fingerprint);
    if (!alert.resolved()) {
      firing = true;
      selection.alerts.push_back(fingerprint);
      if (!known) {
        selection.news.insert(fingerprint);
      }
    } else if (known) {
      resolved = true;
      if (integration.send_resolved) {
        selection.alerts.push_back(fingerprint);
        selection.news.insert(fingerprint);
      }
    }
  }
  const bool repeat =
      firing && told != group.told.end() && now >= told->second.at + options_.route.repeat_interval;
  const bool again = told != group.told.end() && told->second.refused && !selection.alerts.empty();
  selection.due = !selection.news.empty() || repeat || again || (resolved && !firing);
  return selection;
}

model::Notice Dispatcher::make_notice(base::WallTime now, const Look& look,
                                      const Selection& selection,
                                      const IncidentLookup& incident_of) const {
  model::Notice notice;
  notice.receiver = look.id.first;
  notice.group_key = look.id.second;
  notice.group_labels = look.group.labels;
  notice.external_url = options_.external_url;
  notice.created_at = now;
  std::set<std::string> incidents;
  for (const std::uint64_t fingerprint : selection.alerts) {
    model::Alert alert = look.group.alerts.at(fingerprint);
    const auto observed = observed_.find(fingerprint);
    if (observed != observed_.end()) {
      if (!alert.resolved() && !observed->second.resolved()) {
        alert = observed->second;
      }
      if (selection.news.contains(fingerprint) && observed->second.sample_arrival) {
        notice.sample_arrival = std::max(notice.sample_arrival, observed->second.sample_arrival);
      }
    }
    const auto incident = incident_of ? incident_of(alert.labels) : std::nullopt;
    if (incident && incidents.insert(incident->id).second) {
      notice.incidents.push_back(*incident);
    }
    alert.labels = told_labels(alert.labels);
    notice.alerts.push_back(std::move(alert));
  }
  const auto is_firing = [](const model::Alert& alert) { return !alert.resolved(); };
  notice.resolved = std::ranges::none_of(notice.alerts, is_firing);
  std::ranges::sort(notice.alerts, comes_before);
  notice.common_labels = common(notice.alerts, &model::Alert::labels);
  notice.common_annotations = common(notice.alerts, &model::Alert::annotations);
  return notice;
}

// Parts say of the whole what they have in common: its status, labels and incidents.
std::vector<model::Notice> Dispatcher::split(model::Notice notice) const {
  const std::size_t most = std::max<std::size_t>(options_.max_alerts, 1);
  std::vector<model::Notice> parts;
  if (notice.alerts.size() > most) {
    // What still fires matters more than what has resolved.
    std::ranges::stable_partition(notice.alerts,
                                  [](const model::Alert& alert) { return !alert.resolved(); });
    std::vector<model::Alert> alerts = std::exchange(notice.alerts, {});
    for (std::size_t first = 0; first + most < alerts.size(); first += most) {
      model::Notice part = notice;
      const auto begin = alerts.begin() + static_cast<std::ptrdiff_t>(first);
      part.alerts.assign(std::move_iterator(begin),
                         std::move_iterator(begin + static_cast<std::ptrdiff_t>(most)));
      parts.push_back(std::move(part));
    }
    const std::size_t rest = parts.size() * most;
    notice.alerts.assign(std::move_iterator(alerts.begin() + static_cast<std::ptrdiff_t>(rest)),
                         std::move_iterator(alerts.end()));
  }
  parts.push_back(std::move(notice));
  return parts;
}

}  // namespace tocsin::routing
