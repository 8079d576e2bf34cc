#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"

namespace tocsin::rules {

/// Keeps the evaluation of rules within a share of one core by spacing the looks at costly rules.
///
/// Each rule has a demand: what a look at it costs, divided by the time from one wish for a look
/// to the next. While all demands together fit into the share, no rule waits. Otherwise the share
/// is dealt out as water fills vessels (max-min fairness): rules that ask for little get all of it
/// and stay immediate, and the costly ones have one common limit, from which follows how far apart
/// their looks have to be. Rules on the grid never wait, but what they use is taken off the share.
///
/// Main loop only. Costs nothing for rules that nobody wishes to look at.
class Pacer {
 public:
  /// `share` of one core, 0.25 for a quarter; 0 or less: nothing ever waits.
  explicit Pacer(double share) : share_(share) {}

  /// Forgets everything; rules are numbered from 0.
  void reset(std::size_t rules);

  /// Something new is there for the rule to look at. Says so once per look.
  void wanted(std::size_t rule, base::MonotonicTime mono);
  /// And something newer still, while the rule waits for its turn.
  void wanted_again(std::size_t rule, base::MonotonicTime mono);

  struct Lateness {
    bool late = false;         ///< the look had to wait for its turn
    std::uint64_t missed = 0;  ///< looks that there would have been while it waited
  };
  /// The rule was looked at, which took `seconds`. `exempt` for rules on the grid.
  Lateness looked(std::size_t rule, bool exempt, double seconds, base::MonotonicTime mono);

  /// The earliest time of the next look at the rule; in the past when it need not wait.
  base::MonotonicTime turn(std::size_t rule) const;

  /// Deals out the share anew, at most once a second. Call before turns are asked for.
  void rebalance(base::MonotonicTime mono);

  /// Whether some rules have to wait.
  bool limiting() const { return limit_.has_value(); }
  /// The time from one look to the next that the limit asks for; 0 when the rule need not wait.
  double spacing_seconds(std::size_t rule) const;

 private:
  struct State {
    double cost = 0;      ///< seconds a look, smoothed
    double interval = 0;  ///< seconds from one wish to the next, smoothed; 0: not known
    bool exempt = false;
    std::uint64_t missed = 0;  ///< wishes since the one that waits
    std::optional<base::MonotonicTime> last_look;
    std::optional<base::MonotonicTime> wanted_since;
    std::optional<base::MonotonicTime> last_wish;
  };

  static void wish(State& state, base::MonotonicTime mono);
  static double demand(const State& state, base::MonotonicTime mono);

  double share_;
  std::vector<State> states_;
  /// What each costly rule gets, in cores; none while everything fits.
  std::optional<double> limit_;
  double spent_ = 0;  ///< seconds since the last dealing
  std::optional<base::MonotonicTime> dealt_;
};

}  // namespace tocsin::rules
