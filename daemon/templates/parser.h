#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "templates/syntax.h"

namespace tocsin::templates {

/// Parses a text into its own tree, under the empty name, and the definitions in it. A name is a
/// function when `is_function` says so.
base::Result<TreeMap> parse_trees(std::shared_ptr<const SourceInfo> source,
                                  const std::function<bool(std::string_view)>& is_function);

}  // namespace tocsin::templates
