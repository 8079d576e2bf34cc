#include "rules/pacer.h"

#include <algorithm>
#include <chrono>

namespace tocsin::rules {
namespace {

constexpr auto kDealing = std::chrono::seconds(1);
// How much the newest measurement counts.
constexpr double kNewest = 0.3;
// What is left to rules in rounds when those on the grid use up everything.
constexpr double kLeast = 0.1;

double seconds_between(base::MonotonicTime from, base::MonotonicTime to) {
  return std::chrono::duration<double>(to - from).count();
}

double smoothed(double before, double newest) {
  return before > 0 ? before + kNewest * (newest - before) : newest;
}

}  // namespace

void Pacer::reset(std::size_t rules) {
  states_.assign(rules, {});
  limit_.reset();
  spent_ = 0;
  dealt_.reset();
}

void Pacer::wanted(std::size_t rule, base::MonotonicTime mono) {
  State& state = states_[rule];
  if (state.wanted_since) {
    return;
  }
  state.wanted_since = mono;
  wish(state, mono);
}

void Pacer::wanted_again(std::size_t rule, base::MonotonicTime mono) {
  ++states_[rule].missed;
  wish(states_[rule], mono);
}

void Pacer::wish(State& state, base::MonotonicTime mono) {
  if (state.last_wish) {
    // Two wishes within a millisecond are one burst.
    const double since = std::max(seconds_between(*state.last_wish, mono), 0.001);
    state.interval = smoothed(state.interval, since);
  }
  state.last_wish = mono;
}

Pacer::Lateness Pacer::looked(std::size_t rule, bool exempt, double seconds,
                              base::MonotonicTime mono) {
  State& state = states_[rule];
  Lateness lateness;
  const base::MonotonicTime turn = this->turn(rule);
  if (!exempt && state.wanted_since && state.last_look && *state.wanted_since < turn) {
    lateness.late = true;
    lateness.missed = state.missed;
  }
  state.missed = 0;
  state.cost = smoothed(state.cost, seconds);
  state.exempt = exempt;
  if (exempt) {
    wish(state, mono);
  }
  state.last_look = mono;
  state.wanted_since.reset();
  spent_ += seconds;
  return lateness;
}

// A rule that nobody has wished for in longer than usual asks for less and less.
double Pacer::demand(const State& state, base::MonotonicTime mono) {
  if (!state.last_wish || state.interval <= 0) {
    return 0;
  }
  return state.cost / std::max(state.interval, seconds_between(*state.last_wish, mono));
}

double Pacer::spacing_seconds(std::size_t rule) const {
  const State& state = states_[rule];
  return limit_ && !state.exempt ? state.cost / *limit_ : 0;
}

base::MonotonicTime Pacer::turn(std::size_t rule) const {
  const State& state = states_[rule];
  if (!limit_ || !state.last_look || state.exempt) {
    return base::MonotonicTime::min();
  }
  return *state.last_look + std::chrono::duration_cast<base::MonotonicTime::duration>(
                                std::chrono::duration<double>(spacing_seconds(rule)));
}

void Pacer::rebalance(base::MonotonicTime mono) {
  if (share_ <= 0 || (dealt_ && mono - *dealt_ < kDealing)) {
    return;
  }
  const double passed = dealt_ ? seconds_between(*dealt_, mono) : 0;
  const bool idle = !limit_ && spent_ < passed * share_ / 2;
  dealt_ = mono;
  spent_ = 0;
  if (passed <= 0 || idle) {
    return;
  }
  std::vector<double> demands;
  double left = share_;
  for (const State& state : states_) {
    const double asked = demand(state, mono);
    if (asked <= 0) {
      continue;
    }
    if (state.exempt) {
      left -= asked;
    } else {
      demands.push_back(asked);
    }
  }
  left = std::max(left, share_ * kLeast);
  limit_.reset();
  std::ranges::sort(demands);
  for (std::size_t i = 0; i < demands.size(); ++i) {
    const double equal_part = left / static_cast<double>(demands.size() - i);
    if (demands[i] > equal_part) {
      limit_ = equal_part;
      return;
    }
    left -= demands[i];
  }
}

}  // namespace tocsin::rules
