#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "api/query_gate.h"
#include "api/query_run.h"
#include "api/views.h"
#include "async/timers.h"
#include "base/clock.h"
#include "net/http.h"

namespace tocsin::api {

struct QueryOptions {
  std::size_t max_concurrent = 20;                   ///< more wait for their turn
  base::Duration timeout = std::chrono::minutes(2);  ///< `timeout=` may shorten it
  std::size_t max_points = 11'000;                   ///< steps of a range query
  std::size_t max_samples = 50'000'000;              ///< that one query holds at a time
  std::size_t max_length = 100'000;                  ///< of an expression, in bytes
  std::size_t max_depth = 400;                       ///< levels of an expression
};

/// /api/v1/query and query_range. Series are pinned on the main loop; evaluation, encoding and
/// compression run elsewhere, so that no query delays anything else. Main loop only.
class QueryApi {
 public:
  QueryApi(boost::asio::any_io_executor executor, const base::Clock& clock, async::Timers& timers,
           Queries& queries, QueryOptions options);

  async::Task<net::ServerResponse> query(net::ServerRequest request);
  async::Task<net::ServerResponse> query_range(net::ServerRequest request);

  /// For queries that come from now on.
  void set_options(QueryOptions options);
  /// Cancels every query, those that wait included, and takes no more.
  void stop();

  const QueryGate& gate() const { return gate_; }

 private:
  using Run = std::shared_ptr<QueryRun>;

  /// What is wrong with a request, as the answer to it.
  using Refusal = std::optional<net::ServerResponse>;

  Refusal read_times(const net::ServerRequest& request, promql::RangeTimes& range) const;
  /// The parameters that both kinds have behind their times.
  Refusal read_rest(const net::ServerRequest& request, QueryRun& run);
  Refusal read_expression(const net::ServerRequest& request, QueryRun& run);
  net::ServerResponse interrupted(QueryRun& run, const base::Error& error);
  async::Task<net::ServerResponse> execute(Run run);
  async::Task<base::Result<bool>> take_turn(Run run);

  const base::Clock& clock_;
  async::Timers& timers_;
  Queries& queries_;
  QueryOptions options_;
  QueryGate gate_;
  std::set<Run> runs_;  ///< that are being worked on
};

}  // namespace tocsin::api
