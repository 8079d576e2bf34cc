#include "rules/schedule.h"

#include <algorithm>
#include <utility>

namespace tocsin::rules {
namespace {

void sooner(std::optional<base::MonotonicTime>& best, base::MonotonicTime when) {
  best = best ? std::min(*best, when) : when;
}

}  // namespace

void Schedule::configure(std::vector<RuleSpec> rules, std::vector<GroupSpec> groups,
                         Dependencies dependencies, base::WallTime wall, base::MonotonicTime mono) {
  if (!start_) {
    start_ = mono;
  }
  round_.reset();
  timers_.clear();
  waiting_.clear();
  due_.clear();
  pacer_.reset(rules.size());
  readers_.clear();
  states_.clear();
  selectors_ = {};
  for (Delivery& delivery : deferred_) {
    delivery.readers.reset();  // they have other numbers now
  }
  active_stale_ = true;
  dependencies_ = std::move(dependencies);
  groups_ = std::move(groups);
  for (GroupSpec& group : groups_) {
    if (!group.next_slot || *group.next_slot - wall > group.interval) {
      group.next_slot = first_slot(group, wall);
    }
  }
  states_.resize(rules.size());
  for (std::size_t i = 0; i < rules.size(); ++i) {
    State& state = states_[i];
    state.spec = std::move(rules[i]);
    for (const model::Matchers& matchers : state.spec.selectors) {
      selectors_.add(i, matchers);
    }
    for (const series::Origin origin : state.spec.reads) {
      if (origins_.live(origin)) {
        learn(i, origin);
      }
    }
    state.last_look = mono;
    rearm(i);
    if (warm_ && !state.spec.grid) {
      due_.insert(i);
    }
  }
}

void Schedule::set_live(const std::vector<LiveOrigin>& origins, base::MonotonicTime mono) {
  active_stale_ = true;
  for (const series::Origin removed : origins_.set_live(origins)) {
    const auto readers = readers_.find(removed);
    if (readers == readers_.end()) {
      continue;
    }
    // Its series have ended: whoever read it has something to see.
    for (const std::size_t rule : readers->second) {
      states_[rule].reads.erase(removed);
      states_[rule].delivered.erase(removed);
      states_[rule].owed.erase(removed);
      if (warm_ && !states_[rule].spec.grid) {
        due_.insert(rule);
      }
    }
    readers_.erase(readers);
  }
  warm(mono);
}

void Schedule::wake(std::size_t rule, base::MonotonicTime mono) {
  State& state = states_[rule];
  state.stirred = true;
  if (state.asleep) {
    state.asleep = false;
    state.last_look = mono;  // the next look comes with a round, at the latest an interval from now
    rearm(rule);
  }
}

void Schedule::fall_asleep(std::size_t rule) {
  State& state = states_[rule];
  state.asleep = true;
  for (const series::Origin origin : std::exchange(state.reads, {})) {
    readers_[origin].erase(rule);
    active_stale_ = true;
  }
  state.delivered.clear();
  state.owed.clear();
  state.first_delivery.reset();
}

void Schedule::learn(std::size_t rule, series::Origin origin) {
  if (origin != 0 && states_[rule].reads.insert(origin).second) {
    readers_[origin].insert(rule);
    active_stale_ = true;
  }
}

void Schedule::arrived(const Arrival& arrival) {
  if (arrival.origin == 0) {
    return;
  }
  if (!origins_.live(arrival.origin)) {
    active_stale_ = true;
  }
  origins_.arrived(arrival.origin, arrival.up, arrival.arrived);
  const auto concern = [&](const std::vector<std::size_t>& rules) {
    for (const std::size_t rule : rules) {
      wake(rule, arrival.arrived);
      learn(rule, arrival.origin);
    }
  };
  for (const series::Created& created : arrival.created) {
    concern(selectors_.find(created.labels));
  }
  Delivery delivery{arrival.origin, arrival.arrived};
  if (arrival.touched) {
    delivery.readers = selectors_.find(*arrival.touched);
    concern(*delivery.readers);
  }
  // The running round's time lies before this batch: it counts for the next one.
  if (round_) {
    deferred_.push_back(std::move(delivery));
  } else {
    deliver(delivery);
  }
  warm(arrival.arrived);
}

void Schedule::deliver(const Delivery& delivery) {
  const auto readers = readers_.find(delivery.origin);
  if (readers == readers_.end()) {
    return;
  }
  if (!delivery.readers) {
    for (const std::size_t rule : readers->second) {
      deliver(delivery, rule);
    }
    return;
  }
  for (const std::size_t rule : *delivery.readers) {
    if (readers->second.contains(rule)) {
      deliver(delivery, rule);
    }
  }
}

void Schedule::deliver(const Delivery& delivery, std::size_t rule) {
  State& state = states_[rule];
  state.delivered.insert(delivery.origin);
  if (state.owed.erase(delivery.origin) > 0 && state.owed.empty() && warm_ && !state.spec.grid) {
    due_.insert(rule);
  }
  pass_by(rule, delivery.origin, delivery.arrived);
  mark(rule, delivery.arrived);
}

void Schedule::mark(std::size_t rule, base::MonotonicTime when) {
  State& state = states_[rule];
  state.last_arrival = when;
  if (state.spec.grid) {
    return;
  }
  if (!state.first_delivery) {
    state.first_delivery = when;
    rearm(rule);
  }
  consider(rule);
}

void Schedule::consider(std::size_t rule) {
  if (warm_ && satisfied(states_[rule])) {
    due_.insert(rule);
  }
}

void Schedule::refresh_active() {
  active_stale_ = false;
  std::vector<std::size_t> order(states_.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  std::ranges::stable_sort(order, {}, [this](std::size_t i) { return dependencies_.rank[i]; });
  for (const std::size_t rule : order) {
    State& state = states_[rule];
    const auto active = [this](std::size_t input) { return states_[input].active; };
    const auto polled = [this](series::Origin origin) { return !origins_.pushed(origin); };
    state.active = !state.spec.grid && (std::ranges::any_of(state.reads, polled) ||
                                        std::ranges::any_of(dependencies_.inputs[rule], active));
  }
}

bool Schedule::satisfied(const State& state) const {
  // Both hold live origins only, and what is delivered is read: counting is enough. Nobody knows
  // when something is pushed again, so that it is not waited for.
  if (state.delivered.size() < state.reads.size()) {
    const bool complete = std::ranges::all_of(state.reads, [&](series::Origin origin) {
      return state.delivered.contains(origin) || origins_.pushed(origin);
    });
    if (!complete) {
      return false;
    }
  }
  const auto rule = static_cast<std::size_t>(&state - states_.data());
  return std::ranges::all_of(dependencies_.inputs[rule], [&](std::size_t input) {
    return !states_[input].active || state.delivered_rules.contains(input);
  });
}

bool Schedule::too_early(const State& state) const {
  const auto rule = static_cast<std::size_t>(&state - states_.data());
  return !complete_ && !state.spec.selectors.empty() && state.reads.empty() &&
         dependencies_.inputs[rule].empty();
}

void Schedule::warm(base::MonotonicTime mono) {
  if (complete_ || !start_) {
    return;
  }
  const bool late = mono - *start_ >= warm_up_;
  complete_ = origins_.all_delivered() && (origins_.any() || late);
  const bool was_warm = warm_;
  warm_ = warm_ || complete_ || late;
  for (std::size_t rule = 0; rule < states_.size(); ++rule) {
    // The first looks, also of rules that found nothing to read: that may be what they are about.
    const bool look = states_[rule].reads.empty() ? complete_ : !was_warm && warm_;
    if (look && !states_[rule].spec.grid) {
      due_.insert(rule);
    }
  }
}

void Schedule::clock_stepped(base::Duration delta) {
  if (delta > base::Duration::zero()) {
    origins_.uncover();
  }
  if (last_round_ != base::WallTime::min()) {
    last_round_ += delta;
  }
  for (GroupSpec& group : groups_) {
    if (group.next_slot) {
      // The slot that follows the new time of day, not a burst of missed ones.
      group.next_slot = first_slot(group, *group.next_slot + delta - group.interval);
    }
  }
}

base::WallTime Schedule::first_slot(const GroupSpec& group, base::WallTime after) const {
  if (group.interval <= base::Duration::zero()) {
    return after;
  }
  const std::int64_t interval = group.interval.count();
  const std::int64_t shifted = base::to_millis(after) - group.phase.count();
  const std::int64_t rest = ((shifted % interval) + interval) % interval;
  return base::from_millis(shifted - rest + interval + group.phase.count());
}

Pacer::Lateness Schedule::looked(std::size_t rule, const std::vector<series::Origin>& reads,
                                 std::optional<base::Duration> wake_after, double seconds,
                                 base::MonotonicTime mono, bool asleep) {
  for (const series::Origin origin : reads) {
    if (origins_.live(origin)) {
      learn(rule, origin);
    }
  }
  State& state = states_[rule];
  state.last_look = mono;
  state.wake_at.reset();
  if (wake_after) {
    state.wake_at = mono + std::max(*wake_after, base::Duration(1));
  }
  if (asleep && !state.stirred) {
    fall_asleep(rule);
  }
  rearm(rule);
  return pacer_.looked(rule, state.spec.grid || forced(), seconds, mono);
}

void Schedule::stage_done(base::MonotonicTime mono) {
  if (!round_) {
    return;
  }
  round_->out = false;
  if (active_stale_) {
    refresh_active();
  }
  if (round_->kind == RoundKind::kForced) {
    return;
  }
  for (const std::size_t rule : round_->current) {
    for (const std::size_t reader : dependencies_.readers[rule]) {
      State& state = states_[reader];
      if (state.spec.grid) {
        continue;
      }
      state.delivered_rules.insert(rule);
      if (states_[rule].last_arrival) {
        state.last_arrival = states_[rule].last_arrival;
      }
      if (!state.first_delivery) {
        state.first_delivery = mono;
        rearm(reader);
      }
      if (!warm_ || !satisfied(state)) {
        continue;
      }
      const unsigned rank = dependencies_.rank[reader];
      const bool now =
          round_->kind == RoundKind::kData && rank > round_->rank && !round_->done.contains(reader);
      if (!now) {
        due_.insert(reader);
      } else if (!waits(reader, mono)) {
        round_->open[rank].insert(reader);
      }
    }
  }
}

void Schedule::rearm(std::size_t rule) {
  State& state = states_[rule];
  if (state.timer) {
    timers_.erase({*state.timer, rule});
    state.timer.reset();
  }
  if (state.spec.grid || state.asleep) {
    return;
  }
  if (state.last_look) {
    sooner(state.timer, *state.last_look + state.spec.interval);
  }
  if (state.first_delivery) {
    sooner(state.timer, *state.first_delivery + state.spec.interval);
  }
  if (state.wake_at) {
    sooner(state.timer, *state.wake_at);
  }
  if (state.timer) {
    timers_.insert({*state.timer, rule});
  }
}

}  // namespace tocsin::rules
