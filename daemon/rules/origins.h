#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "rules/engine.h"
#include "series/store.h"

namespace tocsin::rules {

/// What is known of everything that is polled: when it delivered since this process started, and
/// whether its last poll failed. Volatile.
class Origins {
 public:
  struct State {
    base::Duration poll_interval{0};
    std::uint64_t polls = 0;
    bool ever_up = false;
    /// The first arrival since the start, or since the clock was set forward.
    std::optional<base::MonotonicTime> covered_from;
    std::uint64_t polls_covered = 0;  ///< since then
    std::optional<base::MonotonicTime> last_arrival;
    std::optional<base::MonotonicTime> down_since;  ///< set while the last poll failed
  };

  /// Replaces the live set; what is known of those that stay is kept. Returns those that went.
  std::vector<series::Origin> set_live(const std::vector<LiveOrigin>& origins);
  void arrived(series::Origin origin, bool up, base::MonotonicTime when);

  bool live(series::Origin origin) const { return states_.contains(origin); }
  /// Whether it comes when it likes.
  bool pushed(series::Origin origin) const {
    const auto found = states_.find(origin);
    return found != states_.end() && found->second.poll_interval == base::Duration::zero();
  }
  bool any() const { return !states_.empty(); }
  /// Whether every live origin has delivered at least once.
  bool all_delivered() const;
  /// Whether it has been polled for `range` plus two polls since the start or uncover().
  bool covered(series::Origin origin, base::Duration range) const;
  /// What was polled before is out of every range: the clock was set forward.
  void uncover();
  bool delivered_since(series::Origin origin, base::MonotonicTime when) const;
  /// Since when its polls have been failing; nothing while it is up or not live.
  std::optional<base::MonotonicTime> down_since(series::Origin origin) const;

  const std::map<series::Origin, State>& all() const { return states_; }

 private:
  std::map<series::Origin, State> states_;
};

}  // namespace tocsin::rules
