#pragma once

#include <cstdint>

#include "base/result.h"
#include "promql/ast.h"
#include "promql/operand.h"

namespace tocsin::promql {

class Evaluator;

/// Evaluates the inner vector and folds it, group by group.
base::Result<Operand> aggregate(Evaluator& evaluator, const Aggregation& aggregation,
                                std::int64_t time_ms);

}  // namespace tocsin::promql
