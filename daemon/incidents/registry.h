#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "incidents/config.h"
#include "incidents/incident.h"
#include "model/alert.h"
#include "model/notice.h"
#include "model/record.h"

namespace tocsin::incidents {

enum class EventKind : std::uint8_t { kOpened, kUpdated, kMitigated, kResolved, kReopened };

/// Something that others may have to be told about.
struct Event {
  EventKind kind;
  model::IncidentBrief incident;  ///< as after the decision
};

struct Decision {
  std::vector<model::Record> records;
  std::vector<Event> events;
  bool empty() const { return records.empty(); }
};

enum class DataState : std::uint8_t {
  kHeld,     ///< cannot be polled lately; the alert is kept as it is
  kMissing,  ///< not for a long time; the alert goes on firing unchecked
  kBack,
};

/// What is known of the data behind an alert.
struct DataNews {
  DataState state = DataState::kHeld;
  model::Labels labels;  ///< of the alert
  base::WallTime since;  ///< when the data went
};

/// What alerts are joined by: the `service` label, else the alertname.
std::string correlation_key(const model::Labels& labels);

/// The key of umbrella incidents: no service and no alert is named so.
inline constexpr std::string_view kUmbrellaKey;

/// All incidents that still live: opened, joined, mitigated, resolved, reopened by what alerts do.
/// Decisions are const and give records; apply() is the only mutator, live and on replay.
/// Silences and grouping never reach this room. Main loop only.
class Registry {
 public:
  explicit Registry(Config config = {});

  /// Takes a new configuration; incidents stay as they are.
  void configure(Config config) { config_ = std::move(config); }

  /// What the changes of one evaluation mean: incidents open, grow, are mitigated or opened again.
  Decision decide_alerts(base::WallTime now, std::span<const model::AlertChange> changes) const;
  /// The incidents of these alerts note whether what they stand on is still being seen.
  Decision decide_data(base::WallTime now, std::span<const DataNews> news) const;
  /// After a start or a new configuration: `firing` are all alerts that fire now. Signals of others
  /// (their rule has gone) count as resolved.
  Decision decide_reconcile(base::WallTime now, std::span<const model::Alert> firing) const;
  /// What is due: calm that lasted resolves, and resolved incidents leave memory.
  Decision decide_due(base::WallTime now) const;
  /// A notice was accepted: the first one of an incident stops its clock.
  Decision decide_delivered(base::WallTime now, const model::Notice& notice) const;
  /// A receiver has refused a notice for good: the incident says once who has not been told.
  Decision decide_refused(base::WallTime now, const model::Notice& notice,
                          std::string_view reason) const;

  /// kCorrupt for an incident record that does not decode; the state is as before then. Records of
  /// other rooms are ignored, but for "clock.stepped"; so are those of incidents that have left
  /// memory.
  base::Status apply(const model::Record& record);

  /// The journal has written one more record of this incident, in their order; 0 when it has not.
  /// Only for what people see of it.
  void note_written(std::string_view id, std::uint64_t sequence);

  boost::json::object save() const;
  /// Replaces everything by what save() gave. On kCorrupt nothing changes.
  base::Status load(const boost::json::value& json);

  /// When decide_due() has something to do next.
  std::optional<base::WallTime> next_deadline() const;

  /// The newest incident in memory that the alert belongs to, resolved ones within the reopen
  /// window included.
  std::optional<model::IncidentBrief> brief_for(const model::Labels& labels) const;
  /// The same by Alert::fingerprint(), for callers without labels; slower.
  std::optional<model::IncidentBrief> brief_for(std::string_view fingerprint) const;

  /// Open and mitigated ones, by number. The values are immutable snapshots.
  std::vector<std::shared_ptr<const Incident>> live() const;
  /// Open, mitigated, or resolved and still in memory; null otherwise (fold it from its records).
  std::shared_ptr<const Incident> find(std::string_view id) const;

 private:
  /// Where a fingerprint was last, for `recurrence_of`. Bounded; the oldest go first.
  struct Past {
    std::map<std::uint64_t, std::uint64_t> incident;  // fingerprint to number
    std::deque<std::uint64_t> order;                  // fingerprints, oldest first
  };

  const Incident* reopenable(base::WallTime now, std::uint64_t fingerprint,
                             const std::string& key) const;
  const Incident* joinable(base::WallTime now, std::string_view key) const;
  bool is_storm(base::WallTime now) const;
  const Incident* holding(std::uint64_t fingerprint, const std::string& key) const;
  void decide_firing(base::WallTime now, const model::Alert& alert, Decision& decision);
  void decide_cleared(base::WallTime now, const model::Alert& alert, Decision& decision);
  void open(base::WallTime now, const model::Alert& alert, Decision& decision);
  void join(base::WallTime now, const Incident& incident, const model::Alert& alert,
            Decision& decision);
  std::string last_incident_of(const model::Labels& labels) const;
  void emit(Decision& decision, model::Record record);
  void archive(std::uint64_t number);
  void shift(base::Duration by);
  void insert(std::shared_ptr<Incident> incident);
  void index(const std::string& key, std::uint64_t number);
  void unindex(const std::string& key, std::uint64_t number);
  static Incident& writable(std::shared_ptr<Incident>& incident);

  Config config_;
  std::uint64_t last_number_ = 0;
  // Shared so that a decision can work on a cheap copy of the registry; written only when unshared.
  std::map<std::uint64_t, std::shared_ptr<Incident>> incidents_;
  // By the keys of their alerts: numbers, ascending.
  std::map<std::string, std::vector<std::uint64_t>, std::less<>> by_key_;
  std::shared_ptr<Past> past_;
};

}  // namespace tocsin::incidents
