#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/matcher.h"
#include "promql/query.h"

namespace re2 {
class RE2;
}

/// The tree that the parser makes. Immutable once parse() has returned it; every later step (type
/// check, selections, evaluation, formatting) only reads it.
namespace tocsin::promql {

struct Function;  // promql/functions.h

/// Bytes [begin, end) of the query's text.
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

enum class BinaryOp : std::uint8_t {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kPower,
  kAtan2,
  kTrimUpper,  ///< </ cuts off what lies above
  kTrimLower,  ///< >/
  kEqual,
  kNotEqual,
  kLess,
  kGreater,
  kLessEqual,
  kGreaterEqual,
  kAnd,
  kOr,
  kUnless,
};

/// As written: "+", "==", "unless".
std::string_view to_string(BinaryOp op);
bool is_comparison(BinaryOp op);
bool is_set_operator(BinaryOp op);
/// </ and >/, which cut native histograms and leave them what they were otherwise.
bool is_trim(BinaryOp op);
/// 1 (or) to 6 (^); higher binds tighter. Only ^ associates to the right.
int precedence(BinaryOp op);
inline constexpr int kLowestPrecedence = 1;
inline constexpr int kHighestPrecedence = 6;

enum class AggregateOp : std::uint8_t {
  kSum,
  kAvg,
  kMin,
  kMax,
  kCount,
  kGroup,
  kStddev,
  kStdvar,
  kTopk,
  kBottomk,
  kCountValues,
  kQuantile,
  kLimitk,
  kLimitRatio,
};

std::string_view to_string(AggregateOp op);
/// The operator with this name, in any case.
std::optional<AggregateOp> aggregate_op(std::string_view name);
/// Whether the operator takes a parameter before the vector.
bool has_parameter(AggregateOp op);

struct Expr;
using ExprPtr = std::unique_ptr<const Expr>;

struct DurationExpr;
using DurationPtr = std::shared_ptr<const DurationExpr>;

/// A duration that is computed: `[5m * 2]`, `offset (step() + 1s)`. In seconds.
struct DurationExpr {
  enum class Op : std::uint8_t {
    kNumber,
    kStep,   ///< step(): between the steps of a range query, 0 in an instant query
    kRange,  ///< range(): from the first to the last step, 0 in an instant query
    kNegate,
    kAdd,
    kSubtract,
    kMultiply,
    kDivide,
    kModulo,
    kPower,
    kMinOf,
    kMaxOf,
  };
  Op op = Op::kNumber;
  double value = 0;       ///< with kNumber
  bool duration = false;  ///< with kNumber: written as 5m; printed so again
  bool wrapped = false;   ///< stood in parentheses
  DurationPtr left;       ///< null for numbers, step() and range()
  DurationPtr right;      ///< null for kNegate too
  Span span;
  std::uint32_t depth = 1;  ///< levels below and including this one; bounded by the parser
};

/// Where on the time line a selector or subquery looks: `@` first, then `offset` back from there.
struct TimeShift {
  enum class Anchor : std::uint8_t { kEvaluation, kTime, kStart, kEnd };
  Anchor anchor = Anchor::kEvaluation;
  std::int64_t at_ms = 0;  ///< with Anchor::kTime
  std::int64_t offset_ms = 0;
  DurationPtr offset_expr;  ///< when the offset was computed; see range_expr of Selector
};

/// Whether a selector also reads the samples beside its range; see extended.h.
enum class Extension : std::uint8_t { kNone, kAnchored, kSmoothed };
/// As written; empty for kNone.
std::string_view to_string(Extension extension);

struct NumberLiteral {
  double value = 0;
  bool duration = false;  ///< written as 5m; printed so again
};

struct StringLiteral {
  std::string value;
};

struct Selector {
  std::string name;          ///< the metric name when it was written outside of the braces
  model::Matchers matchers;  ///< all of them, the one for `name` included
  TimeShift shift;
  std::optional<std::int64_t> range_ms;  ///< a range vector selector when set
  /// When the range was computed. With step() or range() in it, range_ms is that of an instant
  /// query until bind() has replaced it.
  DurationPtr range_expr;
  Extension extension = Extension::kNone;
  std::size_t index = 0;  ///< the selector's number in the order of the text
  /// The name that a `__name__="…"` matcher pins; empty when series of several names can match.
  std::string pinned_name;
  /// So many of the last matchers were not written: those that say which series info() reads.
  std::size_t implied_matchers = 0;
  bool of_info = false;  ///< the second argument of info(): looks where the first one looks
  bool implied = false;  ///< not written at all, in info(v)
};

struct Subquery {
  ExprPtr inner;
  std::int64_t range_ms = 0;
  std::optional<std::int64_t> step_ms;
  DurationPtr range_expr;  ///< see Selector
  DurationPtr step_expr;
  TimeShift shift;
};

struct Call {
  const Function* function = nullptr;
  std::vector<ExprPtr> arguments;
  /// The compiled pattern of label_replace; null for others and when it does not compile.
  std::shared_ptr<const re2::RE2> regex;
};

struct Aggregation {
  AggregateOp op = AggregateOp::kSum;
  ExprPtr parameter;
  ExprPtr inner;
  bool without = false;
  bool grouped = false;             ///< `by` or `without` was written
  std::vector<std::string> labels;  ///< as written
};

enum class Cardinality : std::uint8_t { kOneToOne, kManyToOne, kOneToMany, kManyToMany };

struct VectorMatching {
  Cardinality cardinality = Cardinality::kOneToOne;
  bool on = false;                   ///< `on`; else `ignoring`
  bool written = false;              ///< `on` or `ignoring` was written
  std::vector<std::string> labels;   ///< of on or ignoring, as written
  std::vector<std::string> include;  ///< of group_left or group_right, as written
  /// What stands in for elements that the left or right side does not have.
  std::optional<double> fill_left;
  std::optional<double> fill_right;

  bool fills() const { return fill_left || fill_right; }
};

struct Binary {
  BinaryOp op = BinaryOp::kAdd;
  ExprPtr left;
  ExprPtr right;
  bool return_bool = false;
  VectorMatching matching;
};

struct Unary {
  bool minus = false;
  ExprPtr inner;
};

struct Paren {
  ExprPtr inner;
};

struct Expr {
  using Node = std::variant<NumberLiteral, StringLiteral, Selector, Subquery, Call, Aggregation,
                            Binary, Unary, Paren>;
  Node node;
  Span span;
  ValueType type = ValueType::kScalar;
  std::uint32_t depth = 1;  ///< levels below and including this one; bounded by the parser
};

/// Calls `visit` for every direct child: arguments in their order, a parameter before its vector.
template <class Visit>
void for_each_child(const Expr& expr, const Visit& visit) {
  if (const auto* subquery = std::get_if<Subquery>(&expr.node)) {
    visit(*subquery->inner);
  } else if (const auto* call = std::get_if<Call>(&expr.node)) {
    for (const ExprPtr& argument : call->arguments) {
      visit(*argument);
    }
  } else if (const auto* aggregation = std::get_if<Aggregation>(&expr.node)) {
    if (aggregation->parameter) {
      visit(*aggregation->parameter);
    }
    visit(*aggregation->inner);
  } else if (const auto* binary = std::get_if<Binary>(&expr.node)) {
    visit(*binary->left);
    visit(*binary->right);
  } else if (const auto* unary = std::get_if<Unary>(&expr.node)) {
    visit(*unary->inner);
  } else if (const auto* paren = std::get_if<Paren>(&expr.node)) {
    visit(*paren->inner);
  }
}

/// Names the types as error messages do: "instant vector", "range vector".
std::string_view describe(ValueType type);

/// The expression inside any number of parentheses.
const Expr& without_parens(const Expr& expr);

}  // namespace tocsin::promql
