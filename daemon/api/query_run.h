#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "api/views.h"
#include "base/clock.h"
#include "net/http.h"
#include "promql/query.h"
#include "series/snapshot.h"

namespace tocsin::api {

/// `stats=`: nothing, sums, or also what each step has looked at.
enum class StatsWish : std::uint8_t { kNone, kSums, kAll };

/// How long the parts of a query took, in seconds, as `stats` shows it.
struct QueryTimes {
  double queue = 0;
  double prepare = 0;
  double evaluate = 0;
};

/// One query from its parameters to its answer. First the loop fills it in, then run() works on it
/// on some thread; the loop looks at it again only when that has ended.
struct QueryRun {
  promql::Query query;
  std::optional<promql::RangeTimes> range;  ///< else an instant query at `time`
  base::WallTime time;
  promql::EvalOptions options;
  std::shared_ptr<promql::Interrupt> interrupt = std::make_shared<promql::Interrupt>();
  base::MonotonicTime deadline;
  std::size_t limit = 0;  ///< of series in the answer; 0: none
  StatsWish stats = StatsWish::kNone;
  bool gzip = false;  ///< the client takes it

  series::Snapshot snapshot;
  base::MonotonicTime begun;
  base::MonotonicTime handed_over;  ///< to the thread
  bool evaluating = false;          ///< it has had its turn; for the loop
  QueryTimes times;

  net::ServerResponse response;
  QueryReport report;
};

/// Evaluates, and writes answer and report. What it used is given back at the end. Pure but for
/// reading the clock.
void run(QueryRun& run, const base::Clock& clock);

/// `{"resultType":…,"result":…}`, with `stats` when they are wished for.
std::string encode_result(const promql::Evaluation& evaluation, StatsWish wish,
                          const QueryTimes& times);

/// The word for metrics: "ok", or the error type of the answer.
std::string_view outcome_of(const base::Status& status);

}  // namespace tocsin::api
