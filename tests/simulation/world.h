#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "app/feed.h"
#include "app/pipeline.h"
#include "base/random.h"
#include "notifiers/notifier.h"
#include "sources/manager.h"
#include "support/memory_journal.h"
#include "support/simulation.h"

namespace tocsin::testing {

/// How bad a simulated day is. Probabilities are per poll or per delivery.
struct Weather {
  double poll_fails = 0.01;
  double poll_is_slow = 0.01;
  double delivery_fails = 0.2;
  double delivery_is_slow = 0.05;
  int kills = 24;                                         ///< spread over the day at random
  base::Duration fault_every = std::chrono::minutes(50);  ///< mean time between faults
  base::Duration fault_length = std::chrono::minutes(4);  ///< mean length of one
};

/// One notice that a simulated receiver has accepted.
struct Heard {
  std::string id;
  std::string group_key;
  bool resolved = false;
  base::WallTime at;
  std::vector<std::string> incidents;
};

/// What outlives the process: the disk, the people, and the machines that are watched.
struct Surroundings {
  std::shared_ptr<MemoryDisk> disk = std::make_shared<MemoryDisk>();
  std::vector<Heard> heard;
  std::set<int> broken;            ///< targets that fail orders at the moment
  std::map<int, double> failures;  ///< counter of each target
};

/// The whole daemon but for its edges, in simulated time.
class World {
 public:
  World(std::uint64_t seed, Weather weather);
  ~World();

  /// Lives through `length`, with faults, kills and restarts, then a calm end.
  void live(base::Duration length, base::Duration calm);

  const Surroundings& surroundings() const { return around_; }
  /// Every record as one line of text, in order.
  std::vector<std::string> journal_lines() const;
  int faults() const { return faults_; }
  int kills() const { return kills_; }

 private:
  struct Process;
  void start();
  void kill();
  void begin_or_end_faults(base::WallTime now);

  Simulation simulation_;
  base::SeededRandom random_;
  Weather weather_;
  Surroundings around_;
  std::unique_ptr<Process> process_;
  std::vector<std::unique_ptr<Process>> dead_;
  std::map<int, base::WallTime> fault_ends_;
  int faults_ = 0;
  int kills_ = 0;
};

}  // namespace tocsin::testing
