#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "model/histogram.h"
#include "model/sample.h"
#include "promql/ast.h"
#include "promql/notes.h"
#include "promql/number.h"
#include "promql/operand.h"

/// The one table of PromQL's functions. A function is a row: name, argument types, result type,
/// how it computes, and a line for people. Four shapes of computation cover all of them.
namespace tocsin::promql {

class Annotations;
class SlidingWindow;  // promql/window.h
struct CallFrame;

/// What one series holds within a range (start, end], stale markers left out. Floats or histograms
/// may be missing, but never both.
struct RangeInput {
  std::span<const model::Sample> samples;
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
  std::int64_t time_ms = 0;            ///< of the evaluation, without offset and @
  std::span<const double> parameters;  ///< the scalar arguments in their order
  std::span<const model::HistogramSample> histograms;
  /// When counting began for each of `samples`, 0 where not known; empty when it is for none.
  std::span<const std::int64_t> float_starts;
  /// How far the samples reach beyond both ends of the range; see extended.h.
  std::int64_t before_ms = 0;
  std::int64_t after_ms = 0;
  /// Where the function says what a reader should know; null when nobody asks.
  Notes* notes = nullptr;

  void note(Note note) const {
    if (notes != nullptr) {
      notes->add(note);
    }
  }
};

/// One value for each series of a range vector, or none for this series.
using RangeFunction = std::optional<Number> (*)(const RangeInput& input);
/// One value for each float of an instant vector, or absent_value(); histograms are left out.
using ElementFunction = double (*)(double value, std::span<const double> parameters);
/// One value for each histogram of an instant vector; floats are left out.
using HistogramFunction = double (*)(const model::Histogram& histogram);
/// Everything else.
using GeneralFunction = base::Result<Operand> (*)(CallFrame& frame);

/// General functions that the executor knows how to compute for whole columns; see plan.h.
enum class Form : std::uint8_t {
  kStepwise,   ///< none: called at each step
  kTime,       ///< time()
  kTimestamp,  ///< timestamp(v)
  kScalar,     ///< scalar(v)
  kVector,     ///< vector(s)
  kAbsent,     ///< absent(v)
  kEstimate,   ///< histogram_quantile(s, v), histogram_fraction(s, s, v)
  kRelabel,    ///< changes labels alone: called once for each series, with a single element
};

struct Function {
  std::string_view name;
  std::vector<ValueType> arguments;
  /// 0: exactly these arguments; n: the last n may be left out; -1: the last one may be left out
  /// or repeated.
  int variadic = 0;
  ValueType result = ValueType::kVector;
  std::variant<RangeFunction, ElementFunction, HistogramFunction, GeneralFunction> run;
  std::string_view doc;
  bool keeps_name = false;  ///< the metric name stays in the result
  /// Refuses scalar arguments; null when every number will do.
  base::Status (*check_parameters)(std::span<const double> parameters) = nullptr;
  bool expects_counter = false;     ///< infos when a float's name is not one of a counter
  bool quantile_parameter = false;  ///< its first argument is a quantile: warns outside of 0 … 1
  /// Of a function without arguments that always gives this scalar.
  std::optional<double> constant_value = std::nullopt;
  bool uses_time = false;            ///< depends on the evaluation time, not on its arguments alone
  Form form = Form::kStepwise;       ///< of a GeneralFunction
  bool experimental = false;         ///< see ParseOptions::experimental_functions
  RangeFunction anchored = nullptr;  ///< of a RangeFunction: for ranges with that modifier,
  RangeFunction smoothed = nullptr;  ///< see extended.h
  /// Of a RangeFunction that need not look at all samples again when the range moves on.
  std::unique_ptr<SlidingWindow> (*window)() = nullptr;

  std::size_t min_arguments() const;
  /// The largest number of arguments; nothing when there is no bound.
  std::optional<std::size_t> max_arguments() const;
  ValueType argument_type(std::size_t index) const;
};

/// The function with this name, or null.
const Function* find_function(std::string_view name);
/// How a RangeFunction computes on this range vector: as its row says, or as the modifier of the
/// selector wants. Fails for functions that do not know the modifier.
base::Result<RangeFunction> range_function(const Function& function, const Expr& range);
/// Whether a function may read a range vector that it sees as a whole.
base::Status accepts_range(const Function& function, const Expr& range);

/// All rows, for documentation and completion.
std::span<const Function> all_functions();

// The rows of each family; all_functions() joins them.
std::vector<Function> rate_functions();
std::vector<Function> trend_functions();
std::vector<Function> over_time_functions();
std::vector<Function> math_functions();
std::vector<Function> time_functions();
std::vector<Function> label_functions();
std::vector<Function> vector_functions();
std::vector<Function> histogram_functions();
std::vector<Function> query_functions();
std::vector<Function> sort_functions();
std::vector<Function> info_functions();

}  // namespace tocsin::promql
