#pragma once

#include "promql/ast.h"

/// info(v, {…}) adds labels of info series to those of v. Its second argument is a selector that
/// the parser completes, so that the rest of the room sees an ordinary selector of info series.
namespace tocsin::promql {

/// The name of the info series when none is given.
inline constexpr std::string_view kTargetInfo = "target_info";

/// Whether the expression is the completed second argument of info().
bool is_info_selector(const Expr& expr);

/// Where on the time line info series are looked up: where the first selector of `base` looks.
TimeShift info_shift(const Expr& base);

/// Adds the matchers of metric names that the written ones leave out: target_info when there is
/// none, any name that ends in _info when all are negative. Sets of_info and the shift.
void complete_info_selector(Selector& selector, const Expr& base);

}  // namespace tocsin::promql
