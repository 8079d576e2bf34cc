#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "async/task.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/result.h"
#include "model/notice.h"

namespace tocsin::notifiers {

enum class OutcomeKind : std::uint8_t {
  kDelivered,
  kRetry,    ///< may succeed later, not before `retry_after` when that is set
  kRefused,  ///< for good: the reason is for a human
};

struct Outcome {
  OutcomeKind kind = OutcomeKind::kRetry;
  std::string reason;  ///< redacted; empty when delivered
  std::optional<base::Duration> retry_after;
};

/// Delivers notices to one integration of one receiver. Main loop only.
class Notifier {
 public:
  virtual ~Notifier() = default;
  /// How long a delivery that begins now may take: the caller's deadline follows from it.
  virtual base::Duration time_limit() const = 0;
  /// Tries once. The notice's id goes along as idempotency key where the channel has a place.
  virtual async::Task<Outcome> deliver(model::Notice notice, base::MonotonicTime deadline) = 0;
};

}  // namespace tocsin::notifiers
