#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "promql/annotations.h"
#include "promql/ast.h"
#include "promql/functions.h"
#include "promql/operand.h"
#include "promql/reach.h"
#include "promql/reader.h"
#include "promql/signature.h"
#include "promql/time_scope.h"

namespace tocsin::promql {

/// Evaluates one query against one snapshot, for any number of times within the span it was made
/// for. Not thread-safe; make one per evaluation. Private to the room.
class Evaluator {
 public:
  Evaluator(const Query& query, const series::Snapshot& snapshot, const EvalOptions& options,
            TimeSpan times);

  /// Whether a caller can do with metric names that are only marked as dropped.
  enum class Names : std::uint8_t { kSettled, kMarked };

  /// The value of a sub-expression at a time. With Names::kMarked, and when every element has the
  /// same metric name, the elements may still carry a name that drop_name says is gone.
  base::Result<Operand> eval(const Expr& expr, std::int64_t time_ms, Names names = Names::kSettled);

  /// What a range vector expression holds at a time: calls for each series that has samples.
  struct RangeView {
    const model::Labels& labels;
    bool drop_name = false;
    RangeInput input;  // without parameters
  };
  using OnRange = std::function<base::Status(const RangeView&)>;
  base::Status each_range(const Expr& expr, std::int64_t time_ms, const OnRange& on_range);

  /// The newest samples of a selector with their own times.
  base::Status each_sample(const Selector& selector, std::int64_t time_ms,
                           const SampleReader::OnSample& on_sample);

  /// Drops the metric names of a result: now, or at the end of the evaluation.
  /// Fails when two elements then have the same labels.
  base::Status drop_names(Elements& elements, bool one_name, Names names);
  base::Status refuse_duplicates(const Elements& elements) const;
  /// Whether the name counts as dropped although the labels still hold it.
  bool name_gone(const Element& element) const { return element.drop_name && !delayed(); }
  bool delayed() const { return options_.delayed_name_removal; }
  /// What is left to do for the whole query's result.
  base::Status finish(Operand& operand) const;

  Annotations& notes() { return notes_; }
  TimeSpan times() const { return times_; }
  bool is_range_query() const { return times_.start_ms != times_.end_ms; }
  SampleBudget& budget() { return budget_; }

  /// The steps of a subquery or range query, `first` and `last` inclusive.
  struct Steps {
    std::int64_t first_ms;
    std::int64_t last_ms;
    std::int64_t step_ms;
  };
  /// The values of an expression at each step. A step at which nothing that the expression reads
  /// has changed takes over the values of the step before. With `whole_query` each step is
  /// finished, and scalars become one series.
  base::Result<Ranges> each_step(const Expr& expr, const Steps& steps, bool whole_query);

  /// What a node that groups elements keeps between its steps.
  Grouping& grouping(const void* node, bool keep, const std::vector<std::string>& labels);

  /// Whatever depends on the evaluation time by more than the samples of instant selectors has to
  /// say how long its value stays as it is: until `time_ms`, inclusive.
  void holds_until(std::int64_t time_ms) { holds_until_ms_ = std::min(holds_until_ms_, time_ms); }

 private:
  struct Step {
    Elements elements;
    std::int64_t until_ms;  ///< the last time at which they are known to be the same
  };
  base::Result<Step> step(const Expr& expr, std::int64_t time_ms, bool whole_query);
  /// Counts one step; fails when there were too many.
  base::Status count_step();
  model::Labels nameless(const model::Labels& labels);
  void holds_while_read(const TimeShift& shift, std::int64_t read_until_ms);

  base::Result<Operand> node(const NumberLiteral& number, const TimeScope& scope);
  base::Result<Operand> node(const StringLiteral& text, const TimeScope& scope);
  base::Result<Operand> node(const Selector& selector, const TimeScope& scope);
  base::Result<Operand> node(const Subquery& subquery, const TimeScope& scope);
  base::Result<Operand> node(const Call& call, const TimeScope& scope);
  base::Result<Operand> node(const Aggregation& aggregation, const TimeScope& scope);
  base::Result<Operand> node(const Binary& binary, const TimeScope& scope);
  base::Result<Operand> node(const Unary& unary, const TimeScope& scope);
  base::Result<Operand> node(const Paren& paren, const TimeScope& scope);

  base::Result<Operand> call_range(const Call& call, RangeFunction run, const TimeScope& scope);
  base::Result<Operand> call_element(const Call& call, ElementFunction run, const TimeScope& scope);
  base::Result<Operand> call_general(const Call& call, GeneralFunction run, const TimeScope& scope);
  base::Result<std::vector<double>> scalar_arguments(const Call& call, std::int64_t time_ms);
  /// Refuses or warns about the scalar arguments of a function of ranges.
  base::Status accept_parameters(const Call& call, std::span<const double> parameters);
  void note_counter(const Call& call, std::string_view metric, std::string& last);
  base::Result<Ranges> subquery(const Subquery& subquery, std::int64_t time_ms);

  const EvalOptions& options_;
  TimeSpan times_;
  Annotations notes_;
  SampleBudget budget_;
  std::size_t steps_ = 0;
  std::int64_t holds_until_ms_ = kForever;  // of what the present step has computed so far
  SampleReader reader_;
  std::unordered_map<const void*, Grouping> groupings_;
  std::unordered_map<model::Labels, model::Labels, model::LabelsHash> nameless_;
};

/// What a GeneralFunction gets.
struct CallFrame {
  Evaluator& evaluator;
  const Call& call;
  const Expr& expr;
  std::int64_t time_ms;
  /// Evaluated arguments; range vectors are left for each_range().
  std::vector<Operand> arguments;

  double scalar(std::size_t index) const { return std::get<double>(arguments[index]); }
  const std::string& text(std::size_t index) const {
    return std::get<std::string>(arguments[index]);
  }
  Elements& vector(std::size_t index) { return std::get<Elements>(arguments[index]); }
};

/// Whether all series of this expression have one metric name (or none).
bool has_one_name(const Expr& expr);

/// Labels without the metric name.
model::Labels without_name(const model::Labels& labels);

}  // namespace tocsin::promql
