#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "base/random.h"
#include "base/result.h"
#include "model/notice.h"
#include "model/record.h"

namespace tocsin::routing {

struct OutboxOptions {
  base::Duration first_delay = std::chrono::seconds(1);    ///< before the second attempt
  base::Duration max_delay = std::chrono::minutes(5);      ///< cap of the doubling delay
  base::Duration max_retry_after = std::chrono::hours(1);  ///< cap of what a peer may ask for
  base::Duration max_age = std::chrono::hours(24);         ///< then a notice is given up
  /// Then the oldest are given up: a receiver that is gone for long must not fill the memory.
  std::size_t max_notices = 5000;
  bool shadow = false;  ///< journal notices as withheld instead of sending them
};

/// What became of one attempt; the shell translates its notifier's outcome.
struct DeliveryOutcome {
  enum class Kind : std::uint8_t { kDelivered, kRetry, kRefused };
  Kind kind = Kind::kRetry;
  std::string reason;                         ///< redacted; empty when delivered
  std::optional<base::Duration> retry_after;  ///< the peer's wish, with kRetry
};

struct OutboxDecision {
  std::vector<model::Record> records;  ///< "delivery.*" and "notice.withheld"
  std::vector<model::Notice> send;     ///< hand these to their notifiers, then mark_in_flight()
  std::vector<std::string> given_up;   ///< ids and reasons of those that nobody will get; for logs
  bool empty() const { return records.empty() && send.empty(); }
};

struct OutboxStats {
  std::size_t pending = 0;
  std::size_t in_flight = 0;
  std::optional<base::WallTime> oldest;  ///< creation of the oldest pending notice
};

/// A notice that is not finished yet.
struct Pending {
  model::Notice notice;
  std::uint64_t attempts = 0;
  std::string last_reason;      ///< of the last failed attempt
  base::WallTime queued;        ///< follows steps of the wall clock
  base::WallTime next_attempt;  ///< follows steps of the wall clock
};

/// The durable queue between decisions and notifiers: at least once, in order for each group and
/// integration, with capped exponential backoff. Which notices are under way is not journalled;
/// after a restart every unfinished one is due again. Main loop only.
class Outbox {
 public:
  explicit Outbox(OutboxOptions options = {});

  void configure(OutboxOptions options) { options_ = options; }

  /// Notices to send now; those that are too old are given up, and in shadow mode all are withheld.
  OutboxDecision decide_due(base::WallTime now) const;
  /// Books the outcome of an attempt; nothing for a notice that is not pending.
  OutboxDecision decide_outcome(base::WallTime now, std::string_view notice_id,
                                const DeliveryOutcome& outcome, base::Random& random) const;
  /// The receiver or integration went with a new configuration: its notices are refused for good.
  OutboxDecision decide_unroutable(base::WallTime now, std::string_view notice_id,
                                   const std::string& reason) const;

  /// kCorrupt for a "notice." or "delivery." record that does not decode; the state is as before
  /// then. Records of other rooms are ignored, but for "clock.stepped".
  base::Status apply(const model::Record& record);

  /// Volatile: the notice is with its notifier until a delivery record of it is applied.
  void mark_in_flight(std::string_view notice_id);
  /// Volatile: the attempt was cancelled without an outcome; the notice is due again.
  void clear_in_flight(std::string_view notice_id);
  /// Volatile: the arrival of the sample behind a queued notice, so that decide_due() hands it on.
  void note_arrival(std::string_view notice_id, base::MonotonicTime arrival);

  boost::json::object save() const;
  /// Replaces everything by what save() gave; nothing is in flight. On kCorrupt nothing changes.
  base::Status load(const boost::json::value& json);

  /// When decide_due() has something to do next.
  std::optional<base::WallTime> next_deadline() const;

  const Pending* find(std::string_view notice_id) const;
  /// Whether a later notice to the same integration of the same group waits behind this one.
  bool has_later(std::string_view notice_id) const;
  OutboxStats stats() const;
  /// Oldest first.
  std::vector<const Pending*> pending() const;

 private:
  /// Order is kept within a lane: receiver, integration, group key.
  using Lane = std::tuple<std::string, std::string, std::string>;

  static Lane lane_of(const model::Notice& notice);
  void insert(Pending pending);
  void remove(const std::string& notice_id);
  base::Status apply_queued(const model::Record& record);
  base::Status apply_failed(const model::Record& record);
  void shift(base::Duration by);

  OutboxOptions options_;
  std::uint64_t last_order_ = 0;
  std::map<std::uint64_t, Pending> queue_;  // in the order of queueing
  std::map<std::string, std::uint64_t, std::less<>> by_id_;
  std::map<Lane, std::deque<std::uint64_t>> lanes_;
  std::set<std::string, std::less<>> in_flight_;  // volatile
};

}  // namespace tocsin::routing
