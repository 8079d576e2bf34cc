#include "notifiers/forward/plan.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "base/rfc3339.h"

namespace tocsin::notifiers::forward {
namespace {

constexpr base::WallTime kAtOnce{};

boost::json::object labels_body(const model::Labels& labels) {
  boost::json::object body;
  for (const model::Label& label : labels) {
    body[label.name.view()] = label.value.view();
  }
  return body;
}

}  // namespace

void ForwardPlan::observe(const model::AlertChange& change, base::Duration interval) {
  using enum model::AlertTransition;
  if (change.transition == kPending || change.transition == kGone) {
    return;
  }
  const auto found = entries_.find(change.alert.labels);
  if (found == entries_.end()) {
    if (entries_.size() >= options_.max_alerts) {
      ++dropped_;
      return;
    }
    entries_.emplace(change.alert.labels, Entry{change.alert, interval, kAtOnce, kAtOnce});
    return;
  }
  Entry& entry = found->second;
  const bool news = entry.alert.resolved() != change.alert.resolved();
  entry.alert = change.alert;
  entry.interval = interval;
  if (news) {
    entry.due = kAtOnce;
  }
}

base::WallTime ForwardPlan::ends_at(const Entry& entry, base::WallTime now) const {
  if (entry.alert.resolved()) {
    return *entry.alert.resolved_at;
  }
  return now + 4 * std::max(entry.interval, options_.resend_delay);
}

/// Resolved alerts go after their retention, but not before they were sent once.
void ForwardPlan::forget_old(base::WallTime now) {
  std::erase_if(entries_, [&](const auto& item) {
    const Entry& entry = item.second;
    return entry.alert.resolved() && entry.sent != kAtOnce &&
           entry.sent >= *entry.alert.resolved_at &&
           *entry.alert.resolved_at + options_.resolved_retention <= now;
  });
}

std::vector<Outgoing> ForwardPlan::take_due(base::WallTime now, std::size_t limit) {
  forget_old(now);
  std::vector<Outgoing> due;
  for (auto& [labels, entry] : entries_) {
    if (due.size() >= limit) {
      break;
    }
    // A clock that was set back must not hold alerts up.
    if (entry.due > now && entry.sent <= now) {
      continue;
    }
    due.push_back({entry.alert, ends_at(entry, now)});
    entry.sent = now;
    entry.due = now + options_.resend_delay;
  }
  return due;
}

void ForwardPlan::not_accepted(const std::vector<Outgoing>& alerts, base::WallTime now) {
  for (const Outgoing& outgoing : alerts) {
    const auto found = entries_.find(outgoing.alert.labels);
    if (found == entries_.end() || found->second.due == kAtOnce) {
      continue;
    }
    found->second.due = std::min(found->second.due, now + options_.retry_delay);
    if (found->second.alert.resolved()) {
      found->second.sent = kAtOnce;
    }
  }
}

std::optional<base::WallTime> ForwardPlan::next_due() const {
  std::optional<base::WallTime> next;
  for (const auto& [labels, entry] : entries_) {
    next = next ? std::min(*next, entry.due) : entry.due;
  }
  return next;
}

std::string alerts_body(const std::vector<Outgoing>& alerts, const model::Labels& external_labels) {
  boost::json::array body;
  for (const Outgoing& outgoing : alerts) {
    model::LabelsBuilder labels(external_labels);
    for (const model::Label& label : outgoing.alert.labels) {
      labels.set(label);
    }
    boost::json::object alert;
    alert["annotations"] = labels_body(outgoing.alert.annotations);
    alert["endsAt"] = base::format_rfc3339(outgoing.ends_at);
    alert["startsAt"] =
        base::format_rfc3339(outgoing.alert.fired_at.value_or(outgoing.alert.active_at));
    alert["generatorURL"] = outgoing.alert.generator_url;
    alert["labels"] = labels_body(labels.build());
    body.push_back(std::move(alert));
  }
  return boost::json::serialize(body);
}

}  // namespace tocsin::notifiers::forward
