#pragma once

#include <optional>

#include "promql/ast.h"
#include "promql/notes.h"
#include "promql/number.h"

namespace tocsin::promql {

/// The arithmetic of two floats; comparisons give 1 or 0. NaN for operators of histograms.
double apply(BinaryOp op, double left, double right);

/// The arithmetic of two numbers; comparisons give 1 or 0. Nothing when the operator does not take
/// these: such a pair of elements has no result, with `bool` neither.
std::optional<Number> calculate(BinaryOp op, const Number& left, const Number& right, Notes& notes);

Number negated(const Number& number);

}  // namespace tocsin::promql
