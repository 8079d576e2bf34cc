#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "rules/dependencies.h"
#include "rules/origins.h"
#include "rules/pacer.h"
#include "rules/series_readers.h"
#include "series/store.h"

namespace tocsin::rules {

/// Which rules are due when. Volatile state only; knows nothing of alerts.
///
/// A rule in rounds becomes due when each of its inputs has delivered since its last look: the
/// live origins that it is known to read, and the rules in rounds that it reads and that
/// themselves have live inputs. At the latest it is due one group interval after the first
/// delivery, one group interval after its last look, and when an alert's deadline comes; inputs
/// that were missing then make it due once more when the last of them has delivered. A rule on the
/// grid is due at its group's slots. What is pushed is not waited for, and makes due whoever reads
/// a series that was pushed.
///
/// After a start nothing is due before every live origin has delivered once, or one evaluation
/// interval has passed; rules that found nothing to read then still wait for the slow origins,
/// because absence means nothing before.
///
/// When all looks together would cost more than their share of a core, costly rules in rounds wait
/// for their turn; see Pacer.
class Schedule {
 public:
  struct RuleSpec {
    std::size_t group = 0;
    bool grid = false;
    base::Duration interval{0};
    std::vector<series::Origin> reads;  ///< as learnt before a reload
    bool known = false;                 ///< was there before the reload
    std::vector<model::Matchers> selectors;
  };
  struct GroupSpec {
    base::Duration interval{0};
    base::Duration phase{0};                  ///< of the grid's slots within the interval
    bool grid = false;                        ///< has a rule on the grid
    std::optional<base::WallTime> next_slot;  ///< carried over a reload
    std::uint64_t missed = 0;
  };
  struct RoundStage {
    base::WallTime time;
    std::vector<std::size_t> rules;  ///< ascending
  };

  Schedule(base::Duration warm_up, double cpu_share) : warm_up_(warm_up), pacer_(cpu_share) {}

  /// Takes new rules; a running round ends.
  void configure(std::vector<RuleSpec> rules, std::vector<GroupSpec> groups,
                 Dependencies dependencies, base::WallTime wall, base::MonotonicTime mono);
  void set_live(const std::vector<LiveOrigin>& origins, base::MonotonicTime mono);
  void arrived(const Arrival& arrival);
  /// Wall time stepped: slots and the last round's time move with it.
  void clock_stepped(base::Duration delta);

  std::optional<RoundStage> next(base::WallTime wall, base::MonotonicTime mono);
  RoundStage every_rule_at(base::WallTime time);
  bool stage_out() const { return round_ && round_->out; }
  /// Part of the answer to a stage: what the rule turned out to read, and in how long an alert of
  /// it changes without new samples, and what the look cost. `asleep`: nothing that it could read
  /// is there, so that it need not be looked at before a series appears.
  Pacer::Lateness looked(std::size_t rule, const std::vector<series::Origin>& reads,
                         std::optional<base::Duration> wake_after, double seconds,
                         base::MonotonicTime mono, bool asleep = false);
  /// All answers of the stage are in: readers are woken, the round goes on.
  void stage_done(base::MonotonicTime mono);

  std::optional<base::MonotonicTime> next_deadline(base::WallTime wall,
                                                   base::MonotonicTime mono) const;

  const Origins& origins() const { return origins_; }
  const std::set<series::Origin>& reads(std::size_t rule) const { return states_[rule].reads; }
  /// Whether it reads what other rules record.
  bool reads_rules(std::size_t rule) const { return !dependencies_.inputs[rule].empty(); }
  /// The live origins that the rule reads, itself or through the rules that it reads.
  std::set<series::Origin> all_inputs(std::size_t rule) const;
  std::optional<base::MonotonicTime> last_arrival(std::size_t rule) const {
    return states_[rule].last_arrival;
  }
  /// The rules that are known to read this origin.
  std::set<std::size_t> readers(series::Origin origin) const {
    const auto found = readers_.find(origin);
    return found == readers_.end() ? std::set<std::size_t>{} : found->second;
  }
  const GroupSpec& group(std::size_t index) const { return groups_[index]; }
  const Pacer& pacer() const { return pacer_; }
  /// Whether the running round was asked for by every_rule_at().
  bool forced() const { return round_ && round_->kind == RoundKind::kForced; }

 private:
  struct State {
    RuleSpec spec;
    std::set<series::Origin> reads;      ///< live ones only
    std::set<series::Origin> delivered;  ///< part of `reads`
    /// Had not delivered yet when a round of the rule ended early, because its time was up or an
    /// alert's deadline had come. With the last of them the round is complete after all.
    std::set<series::Origin> owed;
    std::set<std::size_t> delivered_rules;
    std::optional<base::MonotonicTime> first_delivery;
    std::optional<base::MonotonicTime> last_look;
    std::optional<base::MonotonicTime> wake_at;
    std::optional<base::MonotonicTime> last_arrival;
    std::optional<base::MonotonicTime> timer;
    std::optional<base::MonotonicTime> turn;  ///< due, but held back until then
    std::set<series::Origin> again;           ///< that delivered while it was held back
    bool active = false;  ///< in rounds and with live inputs that are waited for
    bool asleep = false;
    bool stirred = false;  ///< since its last look began, series have come that it reads
  };
  enum class RoundKind : std::uint8_t { kData, kGrid, kForced };
  struct Round {
    RoundKind kind = RoundKind::kData;
    base::WallTime time;
    std::map<unsigned, std::set<std::size_t>> open;  ///< by rank or stage
    std::set<std::size_t> done;
    std::vector<std::size_t> current;
    unsigned rank = 0;
    bool out = false;
  };
  struct Delivery {
    series::Origin origin = 0;
    base::MonotonicTime arrived;
    std::optional<std::vector<std::size_t>> readers{};  ///< nothing: all of the origin
  };

  void deliver(const Delivery& delivery);
  void deliver(const Delivery& delivery, std::size_t rule);
  void mark(std::size_t rule, base::MonotonicTime when);
  bool satisfied(const State& state) const;
  /// Found nothing to read yet, while sources are still to deliver for the first time.
  bool too_early(const State& state) const;
  void consider(std::size_t rule);
  void learn(std::size_t rule, series::Origin origin);
  void wake(std::size_t rule, base::MonotonicTime mono);
  void fall_asleep(std::size_t rule);
  void refresh_active();
  void warm(base::MonotonicTime mono);
  void rearm(std::size_t rule);
  void collect_timers(base::MonotonicTime mono);
  /// Whether the rule, which is due, has to wait; it comes back when its turn does.
  bool waits(std::size_t rule, base::MonotonicTime mono);
  void leave_queue(State& state, std::size_t rule);
  void hold_back(base::MonotonicTime mono);
  /// Counts the rounds that pass by a rule which is held back.
  void pass_by(std::size_t rule, series::Origin origin, base::MonotonicTime when);
  std::optional<Round> grid_round(base::WallTime wall);
  void end_round();
  std::optional<RoundStage> stage_of_round();
  base::WallTime first_slot(const GroupSpec& group, base::WallTime after) const;

  base::Duration warm_up_;
  std::optional<base::MonotonicTime> start_;
  bool warm_ = false;      // the first polls are in, or waiting for them took too long
  bool complete_ = false;  // the first polls are all in
  bool grid_started_ = false;
  bool active_stale_ = true;
  std::vector<State> states_;
  std::vector<GroupSpec> groups_;
  Dependencies dependencies_;
  SeriesReaders selectors_;
  Origins origins_;
  std::map<series::Origin, std::set<std::size_t>> readers_;
  std::set<std::pair<base::MonotonicTime, std::size_t>> timers_;
  std::set<std::size_t> due_;
  Pacer pacer_;
  std::set<std::pair<base::MonotonicTime, std::size_t>> waiting_;  // by turn
  std::vector<Delivery> deferred_;                                 // that came while a round ran
  std::optional<Round> round_;
  base::WallTime last_round_ = base::WallTime::min();
};

}  // namespace tocsin::rules
