#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/fact.h"
#include "model/labels.h"
#include "model/notice.h"
#include "model/record.h"

namespace tocsin::incidents {

/// Without human commands an incident moves between these only.
enum class State : std::uint8_t {
  kOpen,       ///< at least one of its alerts fires
  kMitigated,  ///< all alerts are resolved; waiting for calm
  kResolved,   ///< calm lasted; only the same fingerprint may open it again
};

/// How bad the failure is for those whom it reaches; the row of the grade matrix.
enum class Seriousness : std::uint8_t { kHigh, kMediumHigh, kMedium, kMediumLow, kLow };

std::string_view to_string(State state);
std::string_view to_string(Seriousness seriousness);
std::optional<State> state_from(std::string_view text);
/// Reads "high", "medium-high", "medium", "medium-low", "low".
std::optional<Seriousness> seriousness_from(std::string_view text);

/// An alert that belongs to an incident.
struct Signal {
  model::Labels labels;
  model::Labels annotations;  ///< as it joined, shortened
  double value = 0;           ///< of the expression as it joined
  base::WallTime active_at;
  base::WallTime joined_at;
  std::optional<base::WallTime> resolved_at;  ///< nothing while it fires
};

/// When what happened: occurred, detected, declared in this order; the others come after those,
/// and resolved after mitigated. Clamped, because a wall clock can be set back.
struct Clocks {
  base::WallTime occurred;  ///< the earliest moment at which an alert's expression held
  base::WallTime detected;
  base::WallTime declared;
  std::optional<base::WallTime> first_notice;  ///< first delivery that somebody accepted
  std::optional<base::WallTime> mitigated;     ///< cleared by a reopening
  std::optional<base::WallTime> resolved;      ///< cleared by a reopening
};

/// One line of the timeline: a record in words.
struct TimelineEntry {
  std::uint64_t sequence = 0;  ///< of the record; 0 while the journal has not told
  base::WallTime time;
  std::string type;  ///< of the record
  std::string actor;
  std::string text;
};

/// The fold of one incident's records.
struct Incident {
  std::uint64_t number = 0;
  State state = State::kOpen;
  std::string title;
  std::string key;        ///< what alerts are joined by: the service, else the alertname
  bool umbrella = false;  ///< takes what would open many incidents at once; its key is empty
  std::string service;    ///< the label, may be empty
  std::string category;
  std::string severity;  ///< of the alert that opened it
  Seriousness seriousness = Seriousness::kMediumLow;
  int grade = 5;
  bool provisional = true;
  std::string recurrence_of;  ///< id of the closed incident that the same fingerprint had, or ""
  Clocks clocks;
  std::map<std::uint64_t, Signal> signals;  ///< by fingerprint
  std::size_t firing = 0;                   ///< how many signals fire
  std::map<std::string, model::Fact> facts;
  /// Oldest first, at most kMaxTimeline; the journal has all.
  std::vector<TimelineEntry> timeline;
  std::uint64_t timeline_dropped = 0;
  /// Volatile: of how many lines, dropped ones included, the journal has told the sequence.
  std::uint64_t lines_written = 0;
  std::uint64_t reopened = 0;  ///< how often

  /// What deadlines count from. Unlike the clocks these follow steps of the wall clock.
  base::WallTime window_from;  ///< detection
  base::WallTime grown;        ///< the last time that an alert joined or fired again
  base::WallTime calm_from;    ///< mitigated or resolved since; meaningless while open

  /// The record of the first line that the journal has not told of has got this sequence, or 0 when
  /// it is not written yet.
  void line_written(std::uint64_t sequence);

  std::string id() const { return "INC-" + std::to_string(number); }
  model::IncidentBrief brief() const;
};

/// The first lines say how it began and are kept; of the later ones the newest are.
inline constexpr std::size_t kMaxTimeline = 200;

/// How a line of the timeline begins that says who has not been told.
std::string refused_by(std::string_view receiver, std::string_view integration);

/// Reads an incident back from its own records (subject = its id), in order. Records of other
/// rooms among them are skipped. kCorrupt when the first is no "incident.opened" or one does not
/// decode; kNotFound when there is none.
base::Result<Incident> fold(std::span<const model::Record> records);

/// One step of the fold: `record` must be an "incident." record other than "incident.opened" and
/// "incident.archived". On kCorrupt the incident is as before.
base::Status apply_to(Incident& incident, const model::Record& record);
/// The first step of the fold.
base::Result<Incident> opened_from(const model::Record& record);

boost::json::object to_json(const Incident& incident);
base::Result<Incident> incident_from_json(const boost::json::value& json);

}  // namespace tocsin::incidents
