#include "rules/origins.h"

#include <algorithm>

namespace tocsin::rules {

std::vector<series::Origin> Origins::set_live(const std::vector<LiveOrigin>& origins) {
  std::map<series::Origin, State> next;
  for (const LiveOrigin& origin : origins) {
    if (origin.origin == 0) {
      continue;
    }
    const auto known = states_.find(origin.origin);
    State state = known == states_.end() ? State{} : known->second;
    state.poll_interval = origin.poll_interval;
    next.emplace(origin.origin, state);
  }
  std::vector<series::Origin> removed;
  for (const auto& [origin, state] : states_) {
    if (!next.contains(origin)) {
      removed.push_back(origin);
    }
  }
  states_ = std::move(next);
  return removed;
}

void Origins::arrived(series::Origin origin, bool up, base::MonotonicTime when) {
  State& state = states_[origin];
  ++state.polls;
  ++state.polls_covered;
  if (!state.covered_from) {
    state.covered_from = when;
  }
  state.last_arrival = when;
  if (up) {
    state.ever_up = true;
    state.down_since.reset();
  } else if (!state.down_since) {
    state.down_since = when;
  }
}

bool Origins::all_delivered() const {
  return std::ranges::all_of(states_, [](const auto& entry) { return entry.second.polls > 0; });
}

bool Origins::covered(series::Origin origin, base::Duration range) const {
  const auto found = states_.find(origin);
  if (found == states_.end()) {
    return true;
  }
  const State& state = found->second;
  if (!state.covered_from) {
    return false;
  }
  const auto polled = *state.last_arrival - *state.covered_from;
  if (state.poll_interval > base::Duration::zero()) {
    // The third poll comes two intervals after the first, give or take its own duration.
    return polled >= range + state.poll_interval * 3 / 2;
  }
  return state.polls_covered >= 3 && polled >= range;
}

void Origins::uncover() {
  for (auto& [origin, state] : states_) {
    state.covered_from.reset();
    state.polls_covered = 0;
  }
}

bool Origins::delivered_since(series::Origin origin, base::MonotonicTime when) const {
  const auto found = states_.find(origin);
  return found == states_.end() ||
         (found->second.last_arrival && *found->second.last_arrival > when);
}

std::optional<base::MonotonicTime> Origins::down_since(series::Origin origin) const {
  const auto found = states_.find(origin);
  return found == states_.end() ? std::nullopt : found->second.down_since;
}

}  // namespace tocsin::rules
