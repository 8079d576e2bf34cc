#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "promql/annotations.h"
#include "promql/ast.h"
#include "promql/functions.h"
#include "promql/operand.h"
#include "promql/reach.h"
#include "promql/signature.h"
#include "series/snapshot.h"

namespace tocsin::promql {

/// What a function that sees its whole call may ask of the evaluation around it.
class CallContext {
 public:
  /// Whether a caller can do with metric names that are only marked as dropped.
  enum class Names : std::uint8_t { kSettled, kMarked };

  /// What a range vector expression holds at a time: calls for each series that has samples.
  struct RangeView {
    const model::Labels& labels;
    bool drop_name = false;
    RangeInput input;  // without parameters
  };
  using OnRange = std::function<base::Status(const RangeView&)>;
  using OnSample = std::function<void(const model::Labels&, series::Point)>;

  virtual base::Status each_range(const Expr& expr, std::int64_t time_ms,
                                  const OnRange& on_range) = 0;
  /// The newest samples of a selector with their own times.
  virtual base::Status each_sample(const Selector& selector, std::int64_t time_ms,
                                   const OnSample& on_sample) = 0;
  /// Drops the metric names of a result: now, or at the end of the evaluation.
  /// Fails when two elements then have the same labels.
  virtual base::Status drop_names(Elements& elements, bool one_name, Names names) = 0;
  virtual base::Status refuse_duplicates(const Elements& elements) const = 0;
  /// Whether metric names go at the end of the evaluation only.
  virtual bool delayed() const = 0;
  virtual Annotations& notes() = 0;
  /// The evaluation times of the whole query.
  virtual TimeSpan times() const = 0;
  bool is_range_query() const { return times().start_ms != times().end_ms; }
  /// What a node that groups elements keeps between its steps.
  virtual Grouping& grouping(const void* node, bool keep,
                             const std::vector<std::string>& labels) = 0;

 protected:
  ~CallContext() = default;
};

/// What a GeneralFunction gets.
struct CallFrame {
  CallContext& evaluator;
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

/// Labels without the metric name and what goes with it.
model::Labels without_name(const model::Labels& labels);

}  // namespace tocsin::promql
