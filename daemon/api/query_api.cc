#include "api/query_api.h"

#include <algorithm>
#include <utility>

#include "api/encode.h"
#include "api/parameters.h"
#include "async/deadline.h"
#include "base/text.h"
#include "promql/ast.h"

namespace tocsin::api {
namespace {

using base::Error;
using base::ErrorCode;

Error invalid(std::string message) { return {ErrorCode::kInvalidInput, std::move(message)}; }

StatsWish stats_wish(std::string_view text) {
  return text.empty() ? StatsWish::kNone : text == "all" ? StatsWish::kAll : StatsWish::kSums;
}

double seconds(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e9; }

}  // namespace

QueryApi::QueryApi(boost::asio::any_io_executor executor, const base::Clock& clock,
                   async::Timers& timers, Queries& queries, QueryOptions options)
    : clock_(clock),
      timers_(timers),
      queries_(queries),
      options_(options),
      gate_(std::move(executor), options.max_concurrent) {}

QueryApi::Refusal QueryApi::read_times(const net::ServerRequest& request,
                                       promql::RangeTimes& range) const {
  for (const std::string_view name : {"start", "end"}) {
    const base::Result<base::WallTime> time = parse_time(text_of(request, name));
    if (!time) {
      return bad_parameter(name, time.error());
    }
    (name == "start" ? range.start : range.end) = *time;
  }
  if (range.end < range.start) {
    return bad_parameter("end", invalid("end timestamp must not be before start time"));
  }
  const base::Result<base::Duration> step = parse_step(text_of(request, "step"));
  if (!step) {
    return bad_parameter("step", step.error());
  }
  range.step = *step;
  if (range.step <= base::Duration(0)) {
    return bad_parameter("step",
                         invalid("zero or negative query resolution step widths are not accepted. "
                                 "Try a positive integer"));
  }
  const auto points = static_cast<std::size_t>((range.end - range.start) / range.step);
  if (points > options_.max_points) {
    return failure(400, "bad_data",
                   "exceeded maximum resolution of " + with_thousands(options_.max_points) +
                       " points per timeseries. Try decreasing the query resolution (?step=XX)");
  }
  return std::nullopt;
}

QueryApi::Refusal QueryApi::read_rest(const net::ServerRequest& request, QueryRun& run) {
  run.begun = clock_.monotonic_now();
  base::Duration timeout = options_.timeout;
  if (const std::string text = text_of(request, "timeout"); !text.empty()) {
    const base::Result<base::Duration> wished = parse_step(text);
    if (!wished) {
      return bad_parameter("timeout", wished.error());
    }
    timeout = std::min(timeout, *wished);
  }
  run.deadline = run.begun + timeout;
  run.options = queries_.eval_options();
  run.options.max_samples = options_.max_samples;
  run.options.interrupt = run.interrupt;
  if (const std::string text = text_of(request, "lookback_delta"); !text.empty()) {
    const base::Result<base::Duration> lookback = parse_step(text);
    if (!lookback) {
      return failure(400, "bad_data",
                     "error parsing lookback delta duration: " + lookback.error().message());
    }
    if (*lookback > base::Duration(0)) {
      run.options.lookback = *lookback;
    }
  }
  run.stats = stats_wish(text_of(request, "stats"));
  run.options.per_step_stats = run.stats == StatsWish::kAll;
  run.gzip = net::accepts_gzip(request.headers);
  return read_expression(request, run);
}

QueryApi::Refusal QueryApi::read_expression(const net::ServerRequest& request, QueryRun& run) {
  const std::string text = text_of(request, "query");
  if (text.size() > options_.max_length) {
    return bad_parameter("query", invalid("the expression is longer than " +
                                          std::to_string(options_.max_length) + " bytes"));
  }
  base::Result<promql::Query> query = queries_.parse(text);
  if (!query) {
    return bad_parameter("query", query.error());
  }
  if (query->root().depth > options_.max_depth) {
    return bad_parameter("query", invalid("the expression has more than " +
                                          std::to_string(options_.max_depth) + " levels"));
  }
  run.query = *std::move(query);
  return std::nullopt;
}

async::Task<net::ServerResponse> QueryApi::query(net::ServerRequest request) {
  auto run = std::make_shared<QueryRun>();
  const base::Result<std::size_t> limit = limit_of(request);
  if (!limit) {
    co_return bad_parameter("limit", limit.error());
  }
  run->limit = *limit;
  const base::Result<base::WallTime> time = time_of(request, "time", clock_.wall_now());
  if (!time) {
    co_return bad_parameter("time", time.error());
  }
  run->time = *time;
  Refusal refused = read_rest(request, *run);
  if (refused) {
    co_return *std::move(refused);
  }
  co_return co_await execute(std::move(run));
}

async::Task<net::ServerResponse> QueryApi::query_range(net::ServerRequest request) {
  auto run = std::make_shared<QueryRun>();
  const base::Result<std::size_t> limit = limit_of(request);
  if (!limit) {
    co_return bad_parameter("limit", limit.error());
  }
  run->limit = *limit;
  Refusal refused = read_times(request, run->range.emplace());
  if (!refused) {
    refused = read_rest(request, *run);
  }
  if (refused) {
    co_return *std::move(refused);
  }
  const promql::ValueType type = run->query.type();
  if (type != promql::ValueType::kScalar && type != promql::ValueType::kVector) {
    const Error wrong = invalid("invalid expression type \"" + std::string(promql::describe(type)) +
                                "\" for range query, must be Scalar or instant Vector");
    co_return bad_parameter("query", wrong);
  }
  co_return co_await execute(std::move(run));
}

/// Waits for a place and for the result. Nothing of the run may be looked at after a failure: the
/// evaluation may still be on its way out.
async::Task<base::Result<bool>> QueryApi::take_turn(Run run) {
  const base::Result<QueryGate::Place> place = co_await gate_.enter();
  if (!place) {
    co_return place.error();
  }
  const base::MonotonicTime started = clock_.monotonic_now();
  if (started >= run->deadline) {
    co_return Error(ErrorCode::kTimeout, "");
  }
  run->evaluating = true;
  run->report.queue_seconds = seconds(started - run->begun);
  run->times.queue = run->report.queue_seconds;
  std::vector<series::Selection> selections =
      run->range ? promql::selections(run->query, *run->range, run->options)
                 : promql::selections(run->query, run->time, run->options);
  auto snapshot = co_await queries_.read(std::move(selections));
  if (!snapshot) {
    co_return snapshot.error();
  }
  run->snapshot = *std::move(snapshot);
  run->handed_over = clock_.monotonic_now();
  run->times.prepare = seconds(run->handed_over - started);
  // Named first: g++ 12 frees lambdas twice that are temporaries of an awaiting expression.
  Queries::Work job = [run, &clock = clock_] { api::run(*run, clock); };
  const base::Status worked = co_await queries_.offload(std::move(job));
  if (!worked) {
    co_return worked.error();
  }
  co_return base::Result<bool>(true);
}

async::Task<net::ServerResponse> QueryApi::execute(Run run) {
  runs_.insert(run);
  auto work = take_turn(run);
  const base::Result<bool> finished =
      co_await async::with_deadline(timers_, run->deadline, std::move(work));
  runs_.erase(run);
  if (!finished) {
    co_return interrupted(*run, finished.error());
  }
  QueryReport& report = run->report;
  report.queue_seconds = run->times.queue;
  report.prepare_seconds = run->times.prepare;
  report.evaluate_seconds = run->times.evaluate;
  queries_.report(report);
  co_return std::move(run->response);
}

net::ServerResponse QueryApi::interrupted(QueryRun& run, const Error& error) {
  const std::string where = run.evaluating ? "expression evaluation" : "query queue";
  QueryReport report;
  report.queue_seconds = seconds(clock_.monotonic_now() - run.begun);
  if (run.evaluating) {
    report.evaluate_seconds = report.queue_seconds;
    report.queue_seconds = 0;
  }
  Error told = error;
  if (error.code() == ErrorCode::kTimeout) {
    run.interrupt->time_out();
    told = Error(ErrorCode::kTimeout, "query timed out in " + where);
  } else if (error.code() == ErrorCode::kCancelled) {
    run.interrupt->cancel();
    told = Error(ErrorCode::kCancelled, "query was canceled in " + where);
  }
  report.outcome = error_type(told);
  queries_.report(report);
  return failed_query(told);
}

void QueryApi::stop() {
  gate_.close();
  for (const Run& run : runs_) {
    run->interrupt->cancel();
  }
}

}  // namespace tocsin::api
