#pragma once

#include <cstdint>
#include <optional>

#include "base/duration.h"
#include "base/random.h"

namespace tocsin::async {

struct BackoffOptions {
  base::Duration first = std::chrono::seconds(1);  ///< before the first repetition
  base::Duration cap = std::chrono::minutes(5);    ///< no computed delay is longer
  double factor = 2.0;                             ///< from one delay to the next
  /// Share of the delay that is drawn at random: 0.2 gives 80 % to 100 % of it, so that many who
  /// failed together do not come back together.
  double jitter = 0.2;
};

/// The delay before repetition number `attempt` (from 0). What the peer asked for (Retry-After) is
/// a lower bound, also beyond the cap. Pure but for the random draw.
base::Duration backoff_delay(const BackoffOptions& options, std::uint32_t attempt,
                             base::Random& random,
                             std::optional<base::Duration> retry_after = std::nullopt);

/// Counts the attempts of one endeavour.
class Backoff {
 public:
  explicit Backoff(BackoffOptions options) : options_(options) {}

  base::Duration next(base::Random& random,
                      std::optional<base::Duration> retry_after = std::nullopt) {
    return backoff_delay(options_, attempts_++, random, retry_after);
  }
  /// After a success.
  void reset() { attempts_ = 0; }
  std::uint32_t attempts() const { return attempts_; }

 private:
  BackoffOptions options_;
  std::uint32_t attempts_ = 0;
};

}  // namespace tocsin::async
