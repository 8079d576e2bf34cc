#include "async/backoff.h"

#include <algorithm>
#include <cmath>

namespace tocsin::async {

base::Duration backoff_delay(const BackoffOptions& options, std::uint32_t attempt,
                             base::Random& random, std::optional<base::Duration> retry_after) {
  const auto cap = static_cast<double>(options.cap.count());
  const double grown = static_cast<double>(options.first.count()) *
                       std::pow(options.factor, static_cast<double>(attempt));
  // pow() may overflow to infinity; min() brings that back to the cap.
  const double full = std::min(cap, grown);
  const double share = 1.0 - std::clamp(options.jitter, 0.0, 1.0) * random.uniform();
  const base::Duration delay(static_cast<std::int64_t>(full * share));
  return retry_after ? std::max(delay, *retry_after) : delay;
}

}  // namespace tocsin::async
