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
#include "promql/budget.h"
#include "promql/call_frame.h"
#include "promql/functions.h"
#include "promql/operand.h"
#include "promql/reach.h"
#include "promql/reader.h"
#include "promql/signature.h"
#include "promql/time_scope.h"

namespace tocsin::promql {

/// Evaluates one query against one snapshot, for any number of times within the span it was made
/// for. Not thread-safe; make one per evaluation. Private to the room.
class Evaluator final : public CallContext {
 public:
  Evaluator(const Query& query, const series::Snapshot& snapshot, const EvalOptions& options,
            TimeSpan times);

  /// The value of a sub-expression at a time. With Names::kMarked, and when every element has the
  /// same metric name, the elements may still carry a name that drop_name says is gone.
  base::Result<Operand> eval(const Expr& expr, std::int64_t time_ms, Names names = Names::kSettled);

  base::Status each_range(const Expr& expr, std::int64_t time_ms, const OnRange& on_range) override;
  base::Status each_sample(const Selector& selector, std::int64_t time_ms,
                           const OnSample& on_sample) override;
  base::Status drop_names(Elements& elements, bool one_name, Names names) override;
  base::Status refuse_duplicates(const Elements& elements) const override;
  /// Whether the name counts as dropped although the labels still hold it.
  bool name_gone(const Element& element) const { return element.drop_name && !delayed(); }
  bool delayed() const override { return options_.delayed_name_removal; }
  /// What is left to do for the whole query's result.
  base::Status finish(Operand& operand) const;

  Annotations& notes() override { return notes_; }
  TimeSpan times() const override { return times_; }
  Budget& budget() { return budget_; }

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

  Grouping& grouping(const void* node, bool keep, const std::vector<std::string>& labels) override;

  void holds_until(std::int64_t time_ms) override {
    holds_until_ms_ = std::min(holds_until_ms_, time_ms);
  }

  EvalStats take_stats();

 private:
  struct Step {
    Elements elements;
    std::int64_t until_ms;  ///< the last time at which they are known to be the same
  };
  base::Result<Step> step(const Expr& expr, std::int64_t time_ms, bool whole_query);
  /// Counts samples that a selector gave; fails when nobody wants the evaluation any longer.
  base::Status looked_at(std::size_t samples);
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
  base::Result<Operand> call_histogram(const Call& call, HistogramFunction run,
                                       const TimeScope& scope);
  base::Result<Operand> call_general(const Call& call, GeneralFunction run, const TimeScope& scope);
  base::Result<std::vector<double>> scalar_arguments(const Call& call, std::int64_t time_ms);
  /// Refuses or warns about the scalar arguments of a function of ranges.
  base::Status accept_parameters(const Call& call, std::span<const double> parameters);
  void note_counter(const Call& call, std::string_view metric, std::string& last);
  base::Result<Ranges> subquery(const Subquery& subquery, std::int64_t time_ms);

  const EvalOptions& options_;
  TimeSpan times_;
  Annotations notes_;
  Budget budget_;
  std::size_t steps_ = 0;
  EvalStats stats_;
  int subquery_depth_ = 0;                  // samples are counted by the function around a subquery
  std::int64_t holds_until_ms_ = kForever;  // of what the present step has computed so far
  SampleReader reader_;
  std::unordered_map<const void*, Grouping> groupings_;
  std::unordered_map<model::Labels, model::Labels, model::LabelsHash> nameless_;
};

}  // namespace tocsin::promql
