#include "rules/alert_state.h"

#include <algorithm>
#include <utility>

namespace tocsin::rules {
namespace {

using model::AlertState;

bool is_active(const ActiveAlert& active) {
  return active.alert.state == AlertState::kPending || active.alert.state == AlertState::kFiring;
}

void sooner(std::optional<base::WallTime>& deadline, base::WallTime when) {
  deadline = deadline ? std::min(*deadline, when) : when;
}

// Whether that is news.
bool data_is_back(ActiveAlert& active) {
  active.data_missing_told = false;
  return std::exchange(active.data_missing_since, std::nullopt).has_value();
}

AlertStep resolved(ActiveAlert active, base::WallTime time) {
  active.alert.state = AlertState::kInactive;
  active.alert.resolved_at = time;
  active.keep_firing_since.reset();
  data_is_back(active);
  return {record_type::kResolved, std::move(active)};
}

AlertStep gone(ActiveAlert active) {
  active.alert.state = AlertState::kInactive;
  return {record_type::kGone, std::move(active)};
}

// An alert whose element is in the result.
void look_at_present(const AlertPolicy& policy, const model::Labels& labels,
                     const Candidate& candidate, const ActiveAlert* before, base::WallTime time,
                     AlertLook& look) {
  const bool fresh = before == nullptr || !is_active(*before);
  ActiveAlert active;
  if (fresh) {
    active.alert.labels = labels;
    active.alert.state = AlertState::kPending;
    active.alert.active_at = time;
    active.alert.generator_url = policy.generator_url;
  } else {
    active = *before;
  }
  active.alert.annotations = candidate.annotations;
  active.alert.value = candidate.value;
  const bool was_held = data_is_back(active);
  const bool was_kept = active.keep_firing_since.has_value();
  active.keep_firing_since.reset();
  if (active.alert.state == AlertState::kPending &&
      time - active.alert.active_at >= policy.for_duration) {
    active.alert.state = AlertState::kFiring;
    active.alert.fired_at = time;
    look.steps.push_back({record_type::kFired, active});
  } else if (fresh) {
    look.steps.push_back({record_type::kPending, active});
  } else if (was_held) {
    look.steps.push_back({record_type::kHeld, active});
  } else if (was_kept) {
    look.steps.push_back({record_type::kKeepFiring, active});
  }
  if (active.alert.state == AlertState::kPending) {
    sooner(look.deadline, active.alert.active_at + policy.for_duration);
  }
  look.active.push_back(std::move(active));
}

void keep_without_data(const AlertPolicy& policy, const ActiveAlert& before, base::WallTime time,
                       AlertLook& look) {
  ActiveAlert kept = before;
  kept.data_missing_since = before.data_missing_since.value_or(time);
  const base::WallTime tell_at = *kept.data_missing_since + policy.no_data_keep;
  kept.data_missing_told = before.data_missing_told || time >= tell_at;
  if (!before.data_missing_since || kept.data_missing_told != before.data_missing_told) {
    look.steps.push_back({record_type::kHeld, kept});
  }
  if (!kept.data_missing_told) {
    sooner(look.deadline, tell_at);
  }
  look.active.push_back(std::move(kept));
}

// An active alert whose element is missing from the result.
void look_at_missing(const AlertPolicy& policy, const ActiveAlert& before, base::WallTime time,
                     const HoldFunction& hold, AlertLook& look) {
  const Hold held = hold(before.alert.labels);
  if (held == Hold::kWait) {
    look.active.push_back(before);
    return;
  }
  if (held == Hold::kNoData) {
    keep_without_data(policy, before, time, look);
    return;
  }
  if (before.alert.state == AlertState::kPending) {
    look.steps.push_back(gone(before));
    return;
  }
  if (policy.keep_firing_for > base::Duration::zero()) {
    const base::WallTime since = before.keep_firing_since.value_or(time);
    if (time - since < policy.keep_firing_for) {
      ActiveAlert kept = before;
      kept.keep_firing_since = since;
      if (data_is_back(kept)) {
        look.steps.push_back({record_type::kHeld, kept});
      } else if (!before.keep_firing_since) {
        look.steps.push_back({record_type::kKeepFiring, kept});
      }
      sooner(look.deadline, since + policy.keep_firing_for);
      look.active.push_back(std::move(kept));
      return;
    }
  }
  look.steps.push_back(resolved(before, time));
}

}  // namespace

AlertLook decide_alerts(const AlertPolicy& policy, const AlertMap& before,
                        const Candidates& candidates, base::WallTime time,
                        const HoldFunction& hold) {
  AlertLook look;
  auto old = before.begin();
  auto current = candidates.begin();
  // Both are sorted by labels: one walk visits every label set once, in order.
  while (old != before.end() || current != candidates.end()) {
    const bool only_old =
        current == candidates.end() || (old != before.end() && old->first < current->first);
    const bool only_new = !only_old && (old == before.end() || current->first < old->first);
    if (only_old) {
      if (is_active(old->second)) {
        look_at_missing(policy, old->second, time, hold, look);
      }
      ++old;
      continue;
    }
    look_at_present(policy, current->first, current->second, only_new ? nullptr : &old->second,
                    time, look);
    ++current;
    if (!only_new) {
      ++old;
    }
  }
  look.count = look.active.size();
  if (policy.limit > 0 && look.count > policy.limit) {
    look.limit_exceeded = true;
    look.steps.clear();
    look.active.clear();
    look.deadline.reset();
    for (const auto& [labels, active] : before) {
      if (is_active(active)) {
        look.active.push_back(active);
      }
    }
  }
  return look;
}

std::vector<AlertStep> end_alerts(const AlertMap& before, base::WallTime time) {
  std::vector<AlertStep> steps;
  for (const auto& [labels, active] : before) {
    if (active.alert.state == AlertState::kPending) {
      steps.push_back(gone(active));
    } else if (active.alert.state == AlertState::kFiring) {
      steps.push_back(resolved(active, time));
    }
  }
  return steps;
}

}  // namespace tocsin::rules
