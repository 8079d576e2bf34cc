#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "model/alert.h"
#include "model/labels.h"

namespace tocsin::notifiers::forward {

/// Times as Prometheus has them, see the alert generator specification of prometheus/compliance.
struct PlanOptions {
  base::Duration resend_delay = std::chrono::minutes(1);
  base::Duration resolved_retention = std::chrono::minutes(15);
  base::Duration retry_delay = std::chrono::seconds(5);  ///< when an alert was not accepted
  std::size_t max_alerts = 100'000;                      ///< beyond, new ones are dropped, counted
};

/// An alert on its way to Alertmanagers.
struct Outgoing {
  model::Alert alert;
  base::WallTime ends_at;  ///< resolved: when; firing: until when it counts without news
};

/// Which alerts are due to be sent. Pure: time comes in, nothing goes out.
class ForwardPlan {
 public:
  explicit ForwardPlan(PlanOptions options = {}) : options_(options) {}

  /// Takes a change of an alert; `interval` is that of its rule group. Pending ones are of no
  /// concern, fired ones are due at once, and updates do not bring the next sending forward.
  void observe(const model::AlertChange& change, base::Duration interval);

  /// The alerts that are due now, at most `limit`; they count as sent.
  std::vector<Outgoing> take_due(base::WallTime now, std::size_t limit);

  /// These were not accepted: they are due again after the retry delay.
  void not_accepted(const std::vector<Outgoing>& alerts, base::WallTime now);

  /// When the next alert is due; a time in the past means at once.
  std::optional<base::WallTime> next_due() const;

  std::size_t size() const { return entries_.size(); }
  std::uint64_t dropped() const { return dropped_; }

 private:
  struct Entry {
    model::Alert alert;
    base::Duration interval{0};
    base::WallTime due;
    base::WallTime sent;  // last time; the epoch: never
  };
  using Entries = std::map<model::Labels, Entry>;

  void forget_old(base::WallTime now);
  base::WallTime ends_at(const Entry& entry, base::WallTime now) const;

  PlanOptions options_;
  Entries entries_;
  std::uint64_t dropped_ = 0;
};

/// The body of POST /api/v2/alerts. External labels are added where the alert has none of the name.
std::string alerts_body(const std::vector<Outgoing>& alerts, const model::Labels& external_labels);

}  // namespace tocsin::notifiers::forward
