#include "promql/query.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "promql/ast.h"
#include "promql/bind.h"
#include "promql/check.h"
#include "promql/grid.h"
#include "promql/parser.h"
#include "promql/plan.h"
#include "promql/run.h"

namespace tocsin::promql {

using base::Result;

std::string_view to_string(ValueType type) {
  switch (type) {
    case ValueType::kVector:
      return "vector";
    case ValueType::kMatrix:
      return "matrix";
    case ValueType::kString:
      return "string";
    case ValueType::kScalar:
      break;
  }
  return "scalar";
}

Result<Query> parse(std::string_view text, const ParseOptions& options) {
  auto root = parse_expression(text, options);
  if (!root) {
    return root.error();
  }
  if (auto status = check(**root, text); !status) {
    return status.error();
  }
  Query query;
  query.type_ = (*root)->type;
  query.root_ = std::move(*root);
  query.plan_ = std::make_shared<const Plan>(make_plan(*query.root_));
  query.text_ = text;
  query.depends_on_times_ = depends_on_times(*query.root_);
  return query;
}

namespace {

base::Status check_snapshot(const Query& query, const series::Snapshot& snapshot) {
  const std::size_t wanted = query.plan().selections().size();
  if (wanted != snapshot.selections()) {
    return base::Error(base::ErrorCode::kInvalidInput,
                       "snapshot does not belong to this query: it holds " +
                           std::to_string(snapshot.selections()) + " lists for " +
                           std::to_string(wanted) + " selections");
  }
  return {};
}

// The query that is run: the given one, or its copy for these times, which `own` then holds.
Result<const Query*> for_times(const Query& query, const QueryTimes& times,
                               std::optional<Query>& own) {
  if (!query.depends_on_times()) {
    return &query;
  }
  auto bound = bind(query, times);
  if (!bound) {
    return bound.error();
  }
  return &own.emplace(std::move(*bound));
}

Result<Evaluation> run(const Query& query, const QueryTimes& times,
                       const series::Snapshot& snapshot, const EvalOptions& options, bool instant,
                       Memory* memory = nullptr) {
  if (auto status = check_snapshot(query, snapshot); !status) {
    return status.error();
  }
  const TimeSpan span{times.start_ms, times.end_ms};
  auto grid = query_grid(span, instant ? 1 : times.step_ms, options);
  if (!grid) {
    return grid.error();
  }
  const Run::Input input{query.plan(), query.text(), snapshot, options, span, memory};
  return run_plan(input, std::move(*grid), instant);
}

}  // namespace

Result<Evaluation> evaluate(const Query& query, base::WallTime time,
                            const series::Snapshot& snapshot, const EvalOptions& options,
                            Memory* memory) {
  const std::int64_t at = base::to_millis(time);
  std::optional<Query> own;
  const auto bound = for_times(query, {at, at, 0}, own);
  // The nodes of another plan are others.
  Memory* const usable = query.depends_on_times() ? nullptr : memory;
  return bound ? run(**bound, {at, at, 0}, snapshot, options, true, usable)
               : Result<Evaluation>(bound.error());
}

Result<Evaluation> evaluate(const Query& query, const RangeTimes& times,
                            const series::Snapshot& snapshot, const EvalOptions& options) {
  if (query.type() != ValueType::kScalar && query.type() != ValueType::kVector) {
    return base::Error(base::ErrorCode::kInvalidInput,
                       "invalid expression type \"" + std::string(describe(query.type())) +
                           "\" for range query, must be Scalar or instant Vector");
  }
  if (times.step.count() <= 0) {
    return base::Error(base::ErrorCode::kInvalidInput, "zero or negative query resolution step");
  }
  const QueryTimes span{base::to_millis(times.start), base::to_millis(times.end),
                        times.step.count()};
  std::optional<Query> own;
  const auto bound = for_times(query, span, own);
  return bound ? run(**bound, span, snapshot, options, false) : Result<Evaluation>(bound.error());
}

}  // namespace tocsin::promql
