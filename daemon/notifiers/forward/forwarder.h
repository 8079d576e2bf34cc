#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/event.h"
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

/// Sends alerts to every configured Alertmanager, or another tocsin, as Prometheus does. Main loop
/// only. start() once; stop() before destruction.
class Forwarder {
 public:
  Forwarder(Config config, const Parts& parts, ForwarderOptions options);

  void start();
  async::Task<> stop();

  /// Takes a change of an alert; also the active alerts after a restart, as kUpdated.
  void observe(const model::AlertChange& change, base::Duration interval);

  /// When somebody last accepted alerts: an edge asks how long its hub has been out of reach.
  std::optional<base::MonotonicTime> last_accepted() const { return last_accepted_; }
  /// Alerts that were accepted by at least one Alertmanager, and those that had to be repeated.
  std::uint64_t accepted() const { return accepted_; }
  std::uint64_t failed() const { return failed_; }
  std::uint64_t dropped() const { return plan_.dropped(); }

 private:
  struct Round;

  async::Task<> run();
  async::Task<base::Status> wait_until_due();
  async::Task<> send_batch(std::vector<Outgoing> batch);
  async::Task<> send_to(std::string url, const Alertmanagers& group, std::string body,
                        std::shared_ptr<Round> round);

  Config config_;
  Parts parts_;
  ForwarderOptions options_;
  ForwardPlan plan_;
  async::Event changed_;
  std::optional<base::MonotonicTime> last_accepted_;
  std::uint64_t accepted_ = 0;
  std::uint64_t failed_ = 0;
  async::TaskGroup tasks_;
};

}  // namespace tocsin::notifiers::forward
