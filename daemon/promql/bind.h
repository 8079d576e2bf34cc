#pragma once

#include "promql/ast.h"

namespace tocsin::promql {

/// Whether step(), range(), start() or end() occur as functions or in durations: then bind() has to
/// replace them before the tree can be evaluated.
bool depends_on_times(const Expr& expr);

}  // namespace tocsin::promql
