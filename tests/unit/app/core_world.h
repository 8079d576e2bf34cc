#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/core.h"
#include "base/random.h"
#include "series/store.h"

namespace tocsin::app {

/// A Core with a store and polls of its own, on a clock that only moves when told. Keeps every
/// record as it would come back from the journal.
class CoreWorld {
 public:
  explicit CoreWorld(std::uint64_t seed);

  /// One target delivers `values` by shop; a missing shop has vanished.
  void poll(const std::map<std::string, double>& values);
  void fail_poll();
  /// What a receiver answers to the oldest notice under way, if any.
  void answer(routing::DeliveryOutcome::Kind kind);
  /// The oldest notice under way is lost.
  void cancel();
  void advance(base::Duration by);
  /// Time passes, and no process looks.
  void pause(base::Duration by);
  void step_clock(base::Duration by);
  /// Another process takes over from the records, or from a snapshot and those after it.
  void restart(bool from_snapshot);
  /// Takes another route, and other external labels when `deep`.
  void reload(bool deep);

  const Core& core() const { return *core_; }
  const std::vector<model::Record>& records() const { return records_; }
  std::size_t under_way() const { return under_way_.size(); }

  /// A Core as it is before anything was restored, and what a start restores it from.
  static std::unique_ptr<Core> empty_core(base::Random& random);
  base::Status restore(Core& core, const std::optional<boost::json::object>& snapshot,
                       std::span<const model::Record> records) const;

 private:
  void keep(Outcome outcome);
  void run();
  void arrive(bool up, std::vector<series::Created> created);

  base::SeededRandom random_;
  base::WallTime now_ = base::from_millis(1'767'225'600'000);
  base::MonotonicTime mono_{std::chrono::seconds(1)};
  series::Store store_{{}};
  int variant_ = 0;
  std::unique_ptr<Core> core_;
  std::vector<model::Record> records_;
  std::vector<model::Notice> under_way_;
};

/// The state as text, for comparisons that can be read.
std::string state_of(const Core& core);

/// A record or a snapshot as it comes back from the journal.
boost::json::object through_text(const boost::json::object& object);

}  // namespace tocsin::app
