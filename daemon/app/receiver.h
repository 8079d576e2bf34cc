#pragma once

#include <string>

#include "api/receiver.h"
#include "app/feed.h"
#include "app/metrics.h"
#include "async/worker_pool.h"
#include "base/clock.h"
#include "sources/pushed.h"

namespace tocsin::app {

/// Takes samples that are brought over HTTP: decodes the request (large ones on the pool), hands
/// it to the feed, which wakes the rules at once, and says what became of it. Main loop only.
class Receiver final : public api::Receiver {
 public:
  struct Parts {
    Feed& feed;
    Metrics& metrics;
    const base::Clock& clock;
    async::WorkerPool& pool;
  };
  explicit Receiver(Parts parts) : parts_(parts) {}

  /// Prometheus' switch for /api/v1/write.
  void enable_remote_write(bool enabled) { remote_write_enabled_ = enabled; }

  async::Task<net::ServerResponse> remote_write(net::ServerRequest request) override;
  async::Task<net::ServerResponse> push(net::ServerRequest request) override;

 private:
  net::ServerResponse answer(PushKind kind, const sources::Pushed& pushed,
                             base::MonotonicTime arrived, bool tell_counts);
  net::ServerResponse refuse(PushKind kind, int status, const std::string& reason);
  void count(PushKind kind, const char* outcome);

  Parts parts_;
  bool remote_write_enabled_ = false;
};

}  // namespace tocsin::app
