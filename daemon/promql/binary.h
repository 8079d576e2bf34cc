#pragma once

#include "base/result.h"
#include "promql/ast.h"
#include "promql/operand.h"

namespace tocsin::promql {

class Evaluator;

/// Applies a binary operator to two evaluated sides.
base::Result<Operand> combine(Evaluator& evaluator, const Binary& binary, Operand left,
                              Operand right);

/// The arithmetic of two numbers; comparisons give 1 or 0.
double apply(BinaryOp op, double left, double right);

}  // namespace tocsin::promql
