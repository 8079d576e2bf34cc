#include "api/query_api.h"

#include <algorithm>
#include <map>
#include <set>
#include <variant>

#include "api/encode.h"
#include "api/parameters.h"
#include "async/deadline.h"
#include "base/text.h"

namespace tocsin::api {
namespace {

using base::Error;
using base::ErrorCode;

std::string text_of(const net::ServerRequest& request, std::string_view name) {
  return std::string(request.parameter(name).value_or(""));
}

base::Result<base::WallTime> time_of(const net::ServerRequest& request, std::string_view name,
                                     base::WallTime otherwise) {
  const auto text = request.parameter(name);
  return text && !text->empty() ? parse_time(*text) : base::Result<base::WallTime>(otherwise);
}

/// The values of one step, put at the end of their series.
struct Collected {
  std::map<model::Labels, std::vector<model::Sample>> series;
  std::size_t samples = 0;
  std::set<std::string> warnings;
  std::set<std::string> infos;

  void add(const model::Labels& labels, base::WallTime time, double value) {
    series[labels].push_back({base::to_millis(time), value});
    ++samples;
  }

  void add(promql::Evaluation evaluation, base::WallTime time) {
    if (const auto* scalar = std::get_if<promql::Scalar>(&evaluation.value)) {
      add(model::Labels(), time, scalar->value);
    } else if (const auto* vector = std::get_if<promql::Vector>(&evaluation.value)) {
      for (const promql::VectorElement& element : *vector) {
        add(element.labels, time, element.value);
      }
    }
    warnings.insert(evaluation.warnings.begin(), evaluation.warnings.end());
    infos.insert(evaluation.infos.begin(), evaluation.infos.end());
  }

  promql::Evaluation finish() {
    promql::Matrix matrix;
    for (auto& [labels, samples_of] : series) {
      promql::MatrixSeries one;
      one.labels = labels;
      one.samples = std::move(samples_of);
      matrix.push_back(std::move(one));
    }
    promql::Evaluation evaluation;
    evaluation.value = std::move(matrix);
    evaluation.warnings.assign(warnings.begin(), warnings.end());
    evaluation.infos.assign(infos.begin(), infos.end());
    return evaluation;
  }
};

net::ServerResponse answer(const base::Result<promql::Evaluation>& evaluation) {
  if (!evaluation) {
    return failed_query(evaluation.error());
  }
  return success(encode_value(evaluation->value), evaluation->warnings, evaluation->infos);
}

}  // namespace

/// A place among the queries that may run; given back at the end of the scope.
struct QueryApi::Slot {
  explicit Slot(QueryApi& owner) : api(owner) { ++api.active_; }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  ~Slot() {
    --api.active_;
    api.freed_.notify();
  }
  QueryApi& api;
};

QueryApi::QueryApi(boost::asio::any_io_executor executor, const base::Clock& clock,
                   async::Timers& timers, Queries& queries, QueryOptions options)
    : clock_(clock),
      timers_(timers),
      queries_(queries),
      options_(options),
      freed_(std::move(executor)) {}

base::Result<base::MonotonicTime> QueryApi::deadline_of(const net::ServerRequest& request) const {
  base::Duration limit = options_.timeout;
  const auto text = request.parameter("timeout");
  if (text && !text->empty()) {
    const base::Result<base::Duration> wished = parse_step(*text);
    if (!wished) {
      return wished.error();
    }
    limit = std::min(limit, *wished);
  }
  return clock_.monotonic_now() + limit;
}

async::Task<base::Status> QueryApi::wait_for_turn() {
  while (active_ >= options_.max_concurrent) {
    const base::Status woken = co_await freed_.wait();
    if (!woken) {
      co_return woken;
    }
  }
  co_return base::Status{};
}

async::Task<base::Result<promql::Evaluation>> QueryApi::run_instant(promql::Query query,
                                                                    base::WallTime time,
                                                                    base::MonotonicTime deadline) {
  const base::Status turn = co_await wait_for_turn();
  if (!turn) {
    co_return turn.error();
  }
  const Slot slot(*this);
  co_return co_await queries_.evaluate(std::move(query), time, deadline);
}

async::Task<base::Result<promql::Evaluation>> QueryApi::run_range(promql::Query query, Range range,
                                                                  base::MonotonicTime deadline) {
  const base::Status turn = co_await wait_for_turn();
  if (!turn) {
    co_return turn.error();
  }
  const Slot slot(*this);
  Collected collected;
  for (base::WallTime time = range.start; time <= range.end; time += range.step) {
    base::Result<promql::Evaluation> step = co_await queries_.evaluate(query, time, deadline);
    if (!step) {
      co_return step.error();
    }
    collected.add(std::move(*step), time);
    if (collected.samples > options_.max_samples) {
      co_return Error(ErrorCode::kLimitExceeded, "the answer holds too many samples");
    }
    // An evaluation may come back without having let anybody else run, or the deadline strike.
    const bool cancelled = co_await async::is_cancelled();
    if (cancelled) {
      co_return Error(ErrorCode::kCancelled, "the query was cancelled");
    }
    if (clock_.monotonic_now() >= deadline) {
      co_return Error(ErrorCode::kTimeout, "the query took longer than its timeout");
    }
  }
  co_return collected.finish();
}

async::Task<net::ServerResponse> QueryApi::query(net::ServerRequest request) {
  const base::Result<base::WallTime> time = time_of(request, "time", clock_.wall_now());
  if (!time) {
    co_return bad_parameter("time", time.error());
  }
  const base::Result<base::MonotonicTime> deadline = deadline_of(request);
  if (!deadline) {
    co_return bad_parameter("timeout", deadline.error());
  }
  const base::Result<promql::Query> query = queries_.parse(text_of(request, "query"));
  if (!query) {
    co_return bad_parameter("query", query.error());
  }
  auto work = run_instant(*query, *time, *deadline);
  const base::Result<promql::Evaluation> evaluation =
      co_await async::with_deadline(timers_, *deadline, std::move(work));
  co_return answer(evaluation);
}

async::Task<net::ServerResponse> QueryApi::query_range(net::ServerRequest request) {
  Range range;
  for (const std::string_view name : {"start", "end"}) {
    const base::Result<base::WallTime> time = parse_time(text_of(request, name));
    if (!time) {
      co_return bad_parameter(name, time.error());
    }
    (name == "start" ? range.start : range.end) = *time;
  }
  if (range.end < range.start) {
    co_return bad_parameter("end", Error(ErrorCode::kInvalidInput, "end lies before start"));
  }
  const base::Result<base::Duration> step = parse_step(text_of(request, "step"));
  if (!step) {
    co_return bad_parameter("step", step.error());
  }
  range.step = *step;
  if (range.step <= base::Duration(0)) {
    co_return bad_parameter("step", Error(ErrorCode::kInvalidInput, "the step must be positive"));
  }
  if (static_cast<std::size_t>((range.end - range.start) / range.step) > options_.max_points) {
    co_return failure(400, "bad_data",
                      "more than " + std::to_string(options_.max_points) +
                          " points per series: ask for a larger step");
  }
  const base::Result<base::MonotonicTime> deadline = deadline_of(request);
  if (!deadline) {
    co_return bad_parameter("timeout", deadline.error());
  }
  const base::Result<promql::Query> query = queries_.parse(text_of(request, "query"));
  if (!query) {
    co_return bad_parameter("query", query.error());
  }
  if (query->type() != promql::ValueType::kScalar && query->type() != promql::ValueType::kVector) {
    co_return bad_parameter(
        "query", Error(ErrorCode::kInvalidInput, "a range query needs a scalar or instant vector"));
  }
  auto work = run_range(*query, range, *deadline);
  const base::Result<promql::Evaluation> evaluation =
      co_await async::with_deadline(timers_, *deadline, std::move(work));
  co_return answer(evaluation);
}

async::Task<base::Result<std::vector<model::Labels>>> QueryApi::select(net::ServerRequest request) {
  const base::Result<base::WallTime> start = time_of(request, "start", base::from_millis(0));
  const base::Result<base::WallTime> end = time_of(request, "end", clock_.wall_now());
  if (!start || !end) {
    co_return Error(ErrorCode::kInvalidInput,
                    "invalid start or end: " + (start ? end : start).error().message());
  }
  std::vector<std::string> selectors = request.parameters("match[]");
  co_return co_await queries_.series(std::move(selectors), *start, *end);
}

namespace {

net::ServerResponse failed_selection(const Error& error) {
  return error.code() == ErrorCode::kInvalidInput ? bad_parameter("match[]", error)
                                                  : failed_query(error);
}

/// `limit`: at most so many entries, with a warning; 0 or nothing: all.
template <class T>
std::vector<std::string> apply_limit(const net::ServerRequest& request, std::vector<T>& entries) {
  const auto limit = base::parse_number(text_of(request, "limit"));
  if (limit && *limit >= 1 && static_cast<double>(entries.size()) > *limit) {
    entries.resize(static_cast<std::size_t>(*limit));
    return {"results truncated due to limit"};
  }
  return {};
}

}  // namespace

async::Task<net::ServerResponse> QueryApi::series(net::ServerRequest request) {
  if (!request.parameter("match[]")) {
    co_return failure(400, "bad_data", "no match[] parameter provided");
  }
  base::Result<std::vector<model::Labels>> found = co_await select(request);
  if (!found) {
    co_return failed_selection(found.error());
  }
  std::sort(found->begin(), found->end());
  const std::vector<std::string> warnings = apply_limit(request, *found);
  co_return success(encode_label_sets(*found), warnings);
}

async::Task<net::ServerResponse> QueryApi::labels(net::ServerRequest request) {
  const base::Result<std::vector<model::Labels>> found = co_await select(request);
  if (!found) {
    co_return failed_selection(found.error());
  }
  std::set<std::string_view> names;
  for (const model::Labels& labels : *found) {
    for (const model::Label& label : labels) {
      names.insert(label.name.view());
    }
  }
  std::vector<std::string> sorted(names.begin(), names.end());
  const std::vector<std::string> warnings = apply_limit(request, sorted);
  co_return success(encode_strings(sorted), warnings);
}

async::Task<net::ServerResponse> QueryApi::label_values(net::ServerRequest request,
                                                        std::string name) {
  if (name.empty() || !base::is_valid_utf8(name)) {
    co_return failure(400, "bad_data", "invalid label name: " + base::quote(name));
  }
  const base::Result<std::vector<model::Labels>> found = co_await select(request);
  if (!found) {
    co_return failed_selection(found.error());
  }
  std::set<std::string_view> values;
  for (const model::Labels& labels : *found) {
    values.insert(labels.get(name));
  }
  values.erase("");
  std::vector<std::string> sorted(values.begin(), values.end());
  const std::vector<std::string> warnings = apply_limit(request, sorted);
  co_return success(encode_strings(sorted), warnings);
}

}  // namespace tocsin::api
