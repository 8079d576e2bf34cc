#include "promql/query.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "promql/ast.h"
#include "promql/bind.h"
#include "promql/check.h"
#include "promql/evaluator.h"
#include "promql/parser.h"

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
  query.text_ = text;
  query.depends_on_times_ = depends_on_times(*query.root_);
  return query;
}

namespace {

struct ToValue {
  std::int64_t time_ms;

  Value operator()(double scalar) const { return Scalar{time_ms, scalar}; }
  Value operator()(std::string& text) const { return String{time_ms, std::move(text)}; }
  Value operator()(Elements& elements) const {
    Vector vector;
    vector.reserve(elements.size());
    for (Element& element : elements) {
      vector.push_back(
          {std::move(element.labels), time_ms, element.value, std::move(element.histogram)});
    }
    return vector;
  }
  Value operator()(Ranges& ranges) const {
    Matrix matrix;
    matrix.reserve(ranges.size());
    for (RangeSeries& series : ranges) {
      matrix.push_back(
          {std::move(series.labels), std::move(series.samples), std::move(series.histograms)});
    }
    std::ranges::sort(matrix, {}, &MatrixSeries::labels);
    return matrix;
  }
};

base::Status check_snapshot(const std::vector<Window>& windows, const series::Snapshot& snapshot) {
  if (windows.size() != snapshot.selections()) {
    return base::Error(base::ErrorCode::kInvalidInput,
                       "snapshot does not belong to this query: it holds " +
                           std::to_string(snapshot.selections()) + " lists for " +
                           std::to_string(windows.size()) + " selectors");
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

Result<Evaluation> run(const Query& query, std::int64_t at, const series::Snapshot& snapshot,
                       const EvalOptions& options) {
  const TimeSpan span{at, at};
  if (auto status = check_snapshot(windows(query.root(), span, options), snapshot); !status) {
    return status.error();
  }
  Evaluator evaluator(query, snapshot, options, span);
  auto operand = evaluator.eval(query.root(), at);
  if (!operand) {
    return operand.error();
  }
  if (auto status = evaluator.finish(*operand); !status) {
    return status.error();
  }
  return Evaluation{std::visit(ToValue{at}, *operand), evaluator.notes().take_warnings(),
                    evaluator.notes().take_infos(), evaluator.take_stats()};
}

Result<Evaluation> run(const Query& query, const QueryTimes& times,
                       const series::Snapshot& snapshot, const EvalOptions& options) {
  const TimeSpan span{times.start_ms, times.end_ms};
  if (auto status = check_snapshot(windows(query.root(), span, options), snapshot); !status) {
    return status.error();
  }
  Evaluator evaluator(query, snapshot, options, span);
  auto ranges =
      evaluator.each_step(query.root(), {span.start_ms, span.end_ms, times.step_ms}, true);
  if (!ranges) {
    return ranges.error();
  }
  return Evaluation{ToValue{span.end_ms}(*ranges), evaluator.notes().take_warnings(),
                    evaluator.notes().take_infos(), evaluator.take_stats()};
}

}  // namespace

Result<Evaluation> evaluate(const Query& query, base::WallTime time,
                            const series::Snapshot& snapshot, const EvalOptions& options) {
  const std::int64_t at = base::to_millis(time);
  std::optional<Query> own;
  const auto bound = for_times(query, {at, at, 0}, own);
  return bound ? run(**bound, at, snapshot, options) : Result<Evaluation>(bound.error());
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
  return bound ? run(**bound, span, snapshot, options) : Result<Evaluation>(bound.error());
}

}  // namespace tocsin::promql
