#pragma once

#include <string_view>

#include "base/result.h"
#include "promql/ast.h"

namespace tocsin::promql {

/// Whether every operator and function gets what it takes. `text` is the query, for positions.
base::Status check(const Expr& expr, std::string_view text);

}  // namespace tocsin::promql
