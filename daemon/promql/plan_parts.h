#pragma once

#include <optional>
#include <string>

#include "promql/plan.h"

/// What the planner asks about parts of a tree.
namespace tocsin::promql {

/// What tells selections apart: the series, and where on the time line they are looked at.
std::string selection_key(const Selector& selector, FrameId frame);

/// Equal for expressions that mean the same.
std::string key_of(const Expr& expr, FrameId frame);

/// Neither parentheses nor a plus in front change a value.
const Expr& without_pluses(const Expr& written);

/// The value of scalar arithmetic that needs no evaluation.
std::optional<double> constant_of(const Expr& written);

}  // namespace tocsin::promql
