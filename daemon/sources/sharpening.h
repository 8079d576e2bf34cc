#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "base/clock.h"
#include "base/duration.h"
#include "series/store.h"

namespace tocsin::sources {

struct SharpeningOptions {
  /// The distance of sharper polls: the interval divided by this …
  int share = 5;
  /// … but not less than this.
  base::Duration shortest = std::chrono::seconds(1);
  /// Extra polls of all targets together, as a part of their regular polls.
  double extra_share = 0.1;
  /// So long a time's worth of extra polls can be saved up.
  base::Duration saving = std::chrono::minutes(10);
  /// How long a target that failed is left alone: the first time, and at most. Each failure within
  /// the latter doubles it.
  base::Duration backoff = std::chrono::minutes(1);
  base::Duration max_backoff = std::chrono::hours(1);
};

/// What /api/v1/targets tells of one target that may be polled faster.
struct Sharpness {
  bool active = false;           ///< extra polls are wanted, and allowed
  base::Duration interval{0};    ///< between polls while active
  base::Duration left_alone{0};  ///< for how much longer, after a failure
  std::uint64_t extra_polls = 0;
};

/// Decides when a target is polled between its regular polls, because a rule that reads it is
/// pending or close to its threshold. Only targets that opted in, never more extra polls than a
/// tenth of all regular ones so far, and none after a failed poll for a while: a target in trouble
/// is not helped by more questions. Pure; main loop only.
class Sharpening {
 public:
  explicit Sharpening(SharpeningOptions options = {}) : options_(options) {}

  /// A target, or its new interval.
  void add(series::Origin origin, base::Duration interval, bool opted_in, base::MonotonicTime now);
  void remove(series::Origin origin, base::MonotonicTime now);

  /// A poll has ended; `wanted`: a rule that reads the target asks for more.
  void poll_ended(series::Origin origin, bool succeeded, bool wanted, base::MonotonicTime now);

  /// When to poll between the poll that began at `polled` and the regular one, if at all. Takes
  /// one from the savings.
  std::optional<base::MonotonicTime> extra_poll(series::Origin origin, base::MonotonicTime polled,
                                                base::MonotonicTime regular,
                                                base::MonotonicTime now);

  /// Nothing for a target that has not opted in.
  std::optional<Sharpness> look(series::Origin origin, base::MonotonicTime now) const;

 private:
  struct Target {
    base::Duration interval{0};
    bool opted_in = false;
    bool wanted = false;
    std::uint64_t extra_polls = 0;
    base::Duration backoff{0};  ///< the last one; 0: none yet
    std::optional<base::MonotonicTime> failed;
  };

  base::Duration distance(const Target& target) const;
  /// Until when the target is left alone.
  static std::optional<base::MonotonicTime> left_alone(const Target& target);
  void save(base::MonotonicTime now);

  SharpeningOptions options_;
  std::map<series::Origin, Target> targets_;
  double regular_rate_ = 0;  ///< polls a second, of all targets
  double savings_ = 0;       ///< extra polls
  std::optional<base::MonotonicTime> saved_until_;
};

}  // namespace tocsin::sources
