#pragma once

#include "base/result.h"
#include "promql/ast.h"
#include "promql/operand.h"

namespace tocsin::promql {

class Evaluator;

/// Applies the binary operator of an expression to its two evaluated sides.
base::Result<Operand> combine(Evaluator& evaluator, const Expr& expr, Operand left, Operand right);

}  // namespace tocsin::promql
