#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "async/task_group.h"
#include "model/alert.h"
#include "notifiers/forward/config.h"
#include "notifiers/forward/plan.h"
#include "notifiers/integration.h"

namespace tocsin::notifiers::forward {

struct ForwarderOptions {
  PlanOptions plan;
  model::Labels external_labels;
  std::size_t max_batch = 64;  ///< alerts per request
};

/// Sends alerts to every configured Alertmanager, or another tocsin, as Prometheus does. Each has
/// its own queue and loop: one that hangs or is down holds no other up. Main loop only. start()
/// once; stop() before destruction.
class Forwarder {
 public:
  Forwarder(Config config, const Parts& parts, ForwarderOptions options);
  ~Forwarder();

  void start();
  async::Task<> stop();

  /// Takes a change of an alert; also the active alerts after a restart, as kUpdated.
  void observe(const model::AlertChange& change, base::Duration interval);

  /// When somebody last accepted alerts: an edge asks how long its hub has been out of reach.
  std::optional<base::MonotonicTime> last_accepted() const { return last_accepted_; }
  /// Alerts that were accepted, that were not, and for which there was no room; each counts for
  /// each Alertmanager.
  std::uint64_t accepted() const { return accepted_; }
  std::uint64_t failed() const { return failed_; }
  std::uint64_t dropped() const;

 private:
  /// One Alertmanager and what it is to be told.
  struct Line;

  async::Task<> run(Line& line);
  async::Task<base::Status> wait_until_due(Line& line);
  async::Task<> send(Line& line, std::vector<Outgoing> batch);
  async::Task<Outcome> post(const Line& line, std::string body);
  void note(Line& line, const Outcome& outcome);

  Config config_;
  Parts parts_;
  ForwarderOptions options_;
  std::vector<std::unique_ptr<Line>> lines_;
  std::optional<base::MonotonicTime> last_accepted_;
  std::uint64_t accepted_ = 0;
  std::uint64_t failed_ = 0;
  async::TaskGroup tasks_;
};

}  // namespace tocsin::notifiers::forward
