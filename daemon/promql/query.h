#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "base/result.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "model/sample.h"
#include "series/snapshot.h"

/// The surface of the PromQL room: parse once, then per evaluation ask for the selections, pin
/// them in the store, and evaluate against the snapshot. Everything here is pure and safe on any
/// thread.
namespace tocsin::promql {

struct Expr;   // promql/ast.h
class Plan;    // promql/plan.h
class Memory;  // promql/memory.h

enum class ValueType : std::uint8_t { kScalar, kVector, kMatrix, kString };

/// "scalar", "vector", "matrix", "string", as Prometheus' API names them.
std::string_view to_string(ValueType type);

/// Which experimental parts of the language a text may use; the defaults are Prometheus' own. Each
/// belongs to a name of its `--enable-feature` flag.
struct ParseOptions {
  bool experimental_functions = false;  ///< promql-experimental-functions; limitk and limit_ratio
  bool duration_expressions = true;     ///< promql-duration-expr: `[5m * 2]`, `offset (step())`
  bool extended_ranges = false;         ///< promql-extended-range-selectors: `anchored`, `smoothed`
  bool fill_modifiers = false;  ///< promql-binop-fill-modifiers: `fill(0)`, `fill_left(0)` …

  static ParseOptions all() { return {true, true, true, true}; }
};

/// The start, end and step of the query that is evaluated; an instant query has no step.
struct QueryTimes {
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
  std::int64_t step_ms = 0;
};

/// A parsed, type-checked and planned expression. Copies share the tree and the plan.
class Query {
 public:
  ValueType type() const { return type_; }
  const Expr& root() const { return *root_; }
  /// How it is computed.
  const Plan& plan() const { return *plan_; }
  /// The text as it was written.
  const std::string& text() const { return text_; }
  /// Whether step(), range(), start() or end() occur, so that bind() changes the tree.
  bool depends_on_times() const { return depends_on_times_; }

 private:
  friend base::Result<Query> parse(std::string_view text, const ParseOptions& options);
  friend base::Result<Query> bind(const Query& query, const QueryTimes& times);
  std::shared_ptr<const Expr> root_;
  std::shared_ptr<const Plan> plan_;
  std::string text_;
  ValueType type_ = ValueType::kScalar;
  bool depends_on_times_ = false;
};

/// Errors carry the position (line and column, from 1) within `text`, without a file.
base::Result<Query> parse(std::string_view text, const ParseOptions& options = {});

/// The query with numbers in the place of step(), range(), start() and end(), and of durations
/// made from them. evaluate() and selections() do this by themselves. Fails when a range or step
/// then is not greater than 0.
base::Result<Query> bind(const Query& query, const QueryTimes& times);

/// Stops running evaluations from another thread. Whoever asks sets it once; evaluations look at it
/// every few thousand samples. Safe on any thread.
class Interrupt {
 public:
  enum class Reason : std::uint8_t { kNone, kCancelled, kTimedOut };

  /// Evaluations end with kCancelled.
  void cancel() noexcept { set(Reason::kCancelled); }
  /// Evaluations end with kTimeout.
  void time_out() noexcept { set(Reason::kTimedOut); }
  Reason reason() const noexcept { return reason_.load(std::memory_order_relaxed); }

 private:
  // The first reason stays.
  void set(Reason reason) noexcept {
    Reason none = Reason::kNone;
    reason_.compare_exchange_strong(none, reason, std::memory_order_relaxed);
  }

  std::atomic<Reason> reason_{Reason::kNone};
};

struct EvalOptions {
  base::Duration lookback = std::chrono::minutes(5);
  base::Duration default_subquery_step = std::chrono::minutes(1);
  std::size_t max_samples = 50'000'000;  ///< beyond: kLimitExceeded, as Prometheus
  /// Steps of subqueries and range queries in one evaluation, nested ones multiplied; beyond:
  /// kLimitExceeded. Bounds the time that `a[10y:1ms]` takes even when `a` has no samples.
  std::size_t max_steps = 5'000'000;
  /// Drop metric names at the end of the evaluation only (Prometheus' feature of that name).
  bool delayed_name_removal = false;
  /// rate, increase, irate and resets look at start timestamps (Prometheus' feature of that name).
  bool use_start_timestamps = false;
  /// Ends the evaluation early when it is set; null: nobody will.
  std::shared_ptr<const Interrupt> interrupt;
  /// Fill EvalStats::per_step.
  bool per_step_stats = false;
};

/// The evaluation times of a range query: start, start + step … up to end.
struct RangeTimes {
  base::WallTime start;
  base::WallTime end;
  base::Duration step{1};
};

/// What the evaluation at `time` reads, in the order in which evaluate() expects the lists.
std::vector<series::Selection> selections(const Query& query, base::WallTime time,
                                          const EvalOptions& options);

/// The same for a range query.
std::vector<series::Selection> selections(const Query& query, const RangeTimes& times,
                                          const EvalOptions& options);

/// How far back from the evaluation time the query reads at most: range, lookback, offset and
/// subquery added up. For @ with a fixed time, nothing is added.
base::Duration longest_reach(const Query& query, const EvalOptions& options);

/// Whether any series is read at all (`vector(1)`, `time()` read none).
bool reads_series(const Query& query);
/// The matchers of every selector in the query, for waking and dependency order.
std::vector<model::Matchers> selectors(const Query& query);

struct VectorElement {
  model::Labels labels;
  std::int64_t time_ms = 0;
  double value = 0;                 ///< without a histogram
  model::HistogramPtr histogram{};  ///< null for floats
};
using Vector = std::vector<VectorElement>;

struct MatrixSeries {
  model::Labels labels;
  std::vector<model::Sample> samples;
  std::vector<model::HistogramSample> histograms{};
};
using Matrix = std::vector<MatrixSeries>;

struct Scalar {
  std::int64_t time_ms = 0;
  double value = 0;
};
struct String {
  std::int64_t time_ms = 0;
  std::string value;
};

using Value = std::variant<Scalar, Vector, Matrix, String>;

/// What an evaluation has looked at, counted as Prometheus does for `stats=all`.
struct EvalStats {
  /// Samples that selectors gave: one for each series and step of an instant selector, all of each
  /// window of a range selector or subquery.
  std::uint64_t total_samples = 0;
  /// The most samples that were held at a time.
  std::uint64_t peak_samples = 0;
  /// Time in milliseconds and samples of each step; with EvalOptions::per_step_stats.
  std::vector<std::pair<std::int64_t, std::uint64_t>> per_step;
};

struct Evaluation {
  Value value;
  std::vector<std::string> warnings;
  std::vector<std::string> infos;
  EvalStats stats;
};

/// The instant value at `time`. `snapshot` must hold exactly selections(query, time, options).
/// `memory`, when there is one, belongs to this query alone and makes the next evaluation cheaper;
/// the result is the same.
base::Result<Evaluation> evaluate(const Query& query, base::WallTime time,
                                  const series::Snapshot& snapshot, const EvalOptions& options,
                                  Memory* memory = nullptr);

/// The values at each step, as a matrix sorted by labels; for scalars one series without labels.
/// Range vectors and strings have no such form: kInvalidInput.
base::Result<Evaluation> evaluate(const Query& query, const RangeTimes& times,
                                  const series::Snapshot& snapshot, const EvalOptions& options);

/// Canonical PromQL on one line.
std::string format(const Expr& expr);
/// Canonical PromQL as people like to read it: lines of at most 100 characters where the structure
/// allows it, what does not fit split at its parts and indented by two blanks.
std::string pretty(const Expr& expr);

}  // namespace tocsin::promql
