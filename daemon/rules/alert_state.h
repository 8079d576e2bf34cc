#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "base/result.h"
#include "rules/alert_book.h"

namespace tocsin::rules {

/// One element of the expression's result after templating.
struct Candidate {
  model::Labels annotations;
  double value = 0;
};
using Candidates = std::map<model::Labels, Candidate>;

struct AlertPolicy {
  base::Duration for_duration{0};
  base::Duration keep_firing_for{0};
  std::size_t limit = 0;           ///< most pending and firing alerts at once; 0: no limit
  std::string generator_url = {};  ///< given to new alerts
  /// How long an alert is kept without data before that is told once more.
  base::Duration no_data_keep = std::chrono::minutes(15);
};

/// One change of journalled state that a look asks for.
struct AlertStep {
  std::string_view type;  ///< one of record_type
  ActiveAlert after;
};

/// What one look at an alerting rule decides.
struct AlertLook {
  std::vector<AlertStep> steps;
  std::vector<ActiveAlert> active;  ///< pending and firing afterwards, by labels
  /// When a look can change something without new samples: `for`, keep_firing_for or no_data_keep
  /// elapses.
  std::optional<base::WallTime> deadline;
  bool limit_exceeded = false;
  std::size_t count = 0;  ///< pending and firing alerts, as if there were no limit
};

/// Why an alert whose element is missing must be left as it is.
enum class Hold : std::uint8_t {
  kNone,    ///< it need not
  kWait,    ///< what it reads has not been polled long enough to say
  kNoData,  ///< what it reads cannot be polled
};
using HoldFunction = std::function<Hold(const model::Labels&)>;

/// The state machine of Prometheus' alerting rules: pending until `for` has elapsed, firing until
/// the element is missing and keep_firing_for has elapsed. Changes nothing. Beyond the limit the
/// look counts as failed: what is active stays as it is, and nothing else is admitted. Prometheus
/// forgets the alerts, too, but never tells that they resolved.
AlertLook decide_alerts(const AlertPolicy& policy, const AlertMap& before,
                        const Candidates& candidates, base::WallTime time,
                        const HoldFunction& hold);

/// Resolves or drops everything, as when the rule has been removed.
std::vector<AlertStep> end_alerts(const AlertMap& before, base::WallTime time);

}  // namespace tocsin::rules
