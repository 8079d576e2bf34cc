#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "promql/ast.h"

namespace tocsin::promql {

/// Queries longer than this are refused.
inline constexpr std::size_t kMaxQueryBytes = 1U << 20;
/// How deep parentheses, calls and operators may be nested in the text.
inline constexpr std::uint32_t kMaxNesting = 200;
/// How high the tree may grow: a chain a + b + c … grows by one level with each operator.
inline constexpr std::uint32_t kMaxDepth = 800;

/// Builds the tree; types are set but not yet checked. Errors carry their position.
base::Result<std::unique_ptr<const Expr>> parse_expression(std::string_view text,
                                                           const ParseOptions& options);

}  // namespace tocsin::promql
