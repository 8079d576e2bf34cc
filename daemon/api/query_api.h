#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <string>
#include <vector>

#include "api/views.h"
#include "async/event.h"
#include "async/timers.h"
#include "base/clock.h"
#include "net/http.h"

namespace tocsin::api {

struct QueryOptions {
  std::size_t max_concurrent = 20;                   ///< more wait for their turn
  base::Duration timeout = std::chrono::minutes(2);  ///< `timeout=` may shorten it
  std::size_t max_points = 11'000;                   ///< steps of a range query
  std::size_t max_samples = 20'000'000;              ///< of one range query's answer
};

/// /api/v1/query, query_range, series, labels and label values. Main loop only.
class QueryApi {
 public:
  QueryApi(boost::asio::any_io_executor executor, const base::Clock& clock, async::Timers& timers,
           Queries& queries, QueryOptions options);

  async::Task<net::ServerResponse> query(net::ServerRequest request);
  async::Task<net::ServerResponse> query_range(net::ServerRequest request);
  async::Task<net::ServerResponse> series(net::ServerRequest request);
  async::Task<net::ServerResponse> labels(net::ServerRequest request);
  async::Task<net::ServerResponse> label_values(net::ServerRequest request, std::string name);

  /// Queries that run now.
  std::size_t active() const { return active_; }

 private:
  struct Range {
    base::WallTime start;
    base::WallTime end;
    base::Duration step{0};
  };
  struct Slot;

  base::Result<base::MonotonicTime> deadline_of(const net::ServerRequest& request) const;
  async::Task<base::Result<promql::Evaluation>> run_instant(promql::Query query,
                                                            base::WallTime time,
                                                            base::MonotonicTime deadline);
  async::Task<base::Result<promql::Evaluation>> run_range(promql::Query query, Range range,
                                                          base::MonotonicTime deadline);
  async::Task<base::Status> wait_for_turn();
  async::Task<base::Result<std::vector<model::Labels>>> select(net::ServerRequest request);

  const base::Clock& clock_;
  async::Timers& timers_;
  Queries& queries_;
  QueryOptions options_;
  async::Event freed_;
  std::size_t active_ = 0;
};

}  // namespace tocsin::api
