// How rounds are put together out of what is due.

#include <algorithm>
#include <iterator>

#include "rules/schedule.h"

namespace tocsin::rules {

void Schedule::collect_timers(base::MonotonicTime mono) {
  while (!timers_.empty() && timers_.begin()->first <= mono) {
    const std::size_t rule = timers_.begin()->second;
    timers_.erase(timers_.begin());
    State& state = states_[rule];
    state.timer.reset();
    if (too_early(state)) {
      state.last_look = mono;
      rearm(rule);
      continue;
    }
    due_.insert(rule);
  }
}

bool Schedule::waits(std::size_t rule, base::MonotonicTime mono) {
  State& state = states_[rule];
  pacer_.wanted(rule, mono);
  const base::MonotonicTime turn = pacer_.turn(rule);
  leave_queue(state, rule);
  if (turn <= mono) {
    return false;
  }
  state.turn = turn;
  waiting_.insert({turn, rule});
  return true;
}

void Schedule::leave_queue(State& state, std::size_t rule) {
  if (state.turn) {
    waiting_.erase({*state.turn, rule});
    state.turn.reset();
  }
}

void Schedule::pass_by(std::size_t rule, series::Origin origin, base::MonotonicTime when) {
  State& state = states_[rule];
  if (!state.turn) {
    return;
  }
  state.again.insert(origin);
  if (state.again.size() >= state.reads.size()) {
    state.again.clear();
    pacer_.wanted_again(rule, when);
  }
}

void Schedule::hold_back(base::MonotonicTime mono) {
  pacer_.rebalance(mono);
  while (!waiting_.empty() && waiting_.begin()->first <= mono) {
    const std::size_t rule = waiting_.begin()->second;
    leave_queue(states_[rule], rule);
    due_.insert(rule);
  }
  std::erase_if(due_, [&](std::size_t rule) { return waits(rule, mono); });
}

std::optional<Schedule::Round> Schedule::grid_round(base::WallTime wall) {
  // Groups whose slots coincide are looked at together, in the order of the files.
  std::optional<base::WallTime> slot;
  for (GroupSpec& group : groups_) {
    if (!group.grid || group.interval <= base::Duration::zero()) {
      continue;
    }
    if (*group.next_slot - wall > group.interval) {
      group.next_slot = first_slot(group, wall);  // the clock went back unannounced
    }
    if (*group.next_slot > wall) {
      continue;
    }
    const auto late = (wall - *group.next_slot) / group.interval;
    group.missed += static_cast<std::uint64_t>(late);
    *group.next_slot += late * group.interval;
    slot = slot ? std::min(*slot, *group.next_slot) : *group.next_slot;
  }
  if (!slot) {
    return std::nullopt;
  }
  std::vector<std::size_t> rules;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const GroupSpec& group = groups_[states_[i].spec.group];
    if (states_[i].spec.grid && group.grid && group.next_slot == slot && !too_early(states_[i])) {
      rules.push_back(i);
    }
  }
  for (GroupSpec& group : groups_) {
    if (group.grid && group.next_slot == slot) {
      *group.next_slot += group.interval;
    }
  }
  Round round;
  round.kind = RoundKind::kGrid;
  round.time = *slot;
  const auto stages = sequential_stages(rules, dependencies_);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    round.open[stages[i]].insert(rules[i]);
  }
  return round;
}

std::optional<Schedule::RoundStage> Schedule::stage_of_round() {
  if (round_->open.empty()) {
    end_round();
    return std::nullopt;
  }
  auto first = round_->open.begin();
  round_->rank = first->first;
  round_->current.assign(first->second.begin(), first->second.end());
  round_->open.erase(first);
  round_->out = true;
  for (const std::size_t rule : round_->current) {
    round_->done.insert(rule);
    due_.erase(rule);
    State& state = states_[rule];
    leave_queue(state, rule);
    state.again.clear();
    state.stirred = false;
    state.owed.clear();
    if (!state.delivered.empty() && round_->kind == RoundKind::kData) {
      std::ranges::copy_if(state.reads, std::inserter(state.owed, state.owed.end()),
                           [&](series::Origin origin) {
                             return !state.delivered.contains(origin) && !origins_.pushed(origin);
                           });
    }
    state.delivered.clear();
    state.delivered_rules.clear();
    state.first_delivery.reset();
  }
  return RoundStage{round_->time, round_->current};
}

void Schedule::end_round() {
  round_.reset();
  for (const Delivery& delivery : std::exchange(deferred_, {})) {
    deliver(delivery);
  }
}

std::optional<Schedule::RoundStage> Schedule::next(base::WallTime wall, base::MonotonicTime mono) {
  if (round_) {
    if (round_->out) {
      return std::nullopt;
    }
    if (auto stage = stage_of_round()) {
      return stage;
    }
  }
  warm(mono);
  if (!warm_) {
    return std::nullopt;
  }
  if (active_stale_) {
    refresh_active();
  }
  if (!grid_started_) {
    // A slot from before the first polls would find nothing and call it absence.
    grid_started_ = true;
    for (GroupSpec& group : groups_) {
      group.next_slot = first_slot(group, wall);
    }
  }
  if (auto grid = grid_round(wall)) {
    round_ = std::move(*grid);
    if (auto stage = stage_of_round()) {
      return stage;
    }
  }
  collect_timers(mono);
  hold_back(mono);
  if (due_.empty()) {
    return std::nullopt;
  }
  Round round;
  round.time = last_round_ == base::WallTime::min()
                   ? wall
                   : std::max(wall, last_round_ + std::chrono::milliseconds(1));
  for (const std::size_t rule : due_) {
    round.open[dependencies_.rank[rule]].insert(rule);
  }
  due_.clear();
  last_round_ = round.time;
  round_ = std::move(round);
  return stage_of_round();
}

Schedule::RoundStage Schedule::every_rule_at(base::WallTime time) {
  Round round;
  round.kind = RoundKind::kForced;
  round.time = time;
  std::vector<std::size_t> rules(states_.size());
  for (std::size_t i = 0; i < rules.size(); ++i) {
    rules[i] = i;
  }
  const auto stages = sequential_stages(rules, dependencies_);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    round.open[stages[i]].insert(i);
  }
  last_round_ = std::max(last_round_, time);
  round_ = std::move(round);
  return stage_of_round().value_or(RoundStage{time, {}});
}

std::optional<base::MonotonicTime> Schedule::next_deadline(base::WallTime wall,
                                                           base::MonotonicTime mono) const {
  if (round_) {
    return round_->out ? std::nullopt : std::optional(mono);
  }
  if (!warm_) {
    return start_ ? std::optional(std::max(mono, *start_ + warm_up_)) : std::nullopt;
  }
  std::optional<base::MonotonicTime> when;
  const auto consider_time = [&](base::MonotonicTime candidate) {
    candidate = std::max(candidate, mono);
    when = when ? std::min(*when, candidate) : candidate;
  };
  if (!due_.empty()) {
    consider_time(mono);
  }
  if (!timers_.empty()) {
    consider_time(timers_.begin()->first);
  }
  if (!waiting_.empty()) {
    consider_time(waiting_.begin()->first);
  }
  for (const GroupSpec& group : groups_) {
    if (group.grid && group.interval > base::Duration::zero()) {
      consider_time(mono + std::min(*group.next_slot - wall, group.interval));
    }
  }
  return when;
}

std::set<series::Origin> Schedule::all_inputs(std::size_t rule) const {
  std::set<series::Origin> inputs;
  std::set<std::size_t> seen{rule};
  std::vector<std::size_t> open{rule};
  while (!open.empty()) {
    const std::size_t next = open.back();
    open.pop_back();
    for (const series::Origin origin : states_[next].reads) {
      if (origins_.live(origin)) {
        inputs.insert(origin);
      }
    }
    for (const std::size_t input : dependencies_.inputs[next]) {
      if (seen.insert(input).second) {
        open.push_back(input);
      }
    }
  }
  return inputs;
}

}  // namespace tocsin::rules
