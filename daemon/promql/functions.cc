#include "promql/functions.h"

#include <algorithm>
#include <string>
#include <unordered_map>

namespace tocsin::promql {
namespace {

std::vector<Function> collect() {
  std::vector<Function> all;
  for (auto* family : {&rate_functions, &over_time_functions, &math_functions, &time_functions,
                       &label_functions, &vector_functions, &histogram_functions, &query_functions,
                       &sort_functions, &info_functions}) {
    std::ranges::move(family(), std::back_inserter(all));
  }
  std::ranges::sort(all, {}, &Function::name);
  return all;
}

// The table never changes after it was built, on first use.
const std::vector<Function>& table() {
  static const std::vector<Function> kFunctions = collect();
  return kFunctions;
}

}  // namespace

std::size_t Function::min_arguments() const {
  if (variadic == 0) {
    return arguments.size();
  }
  return arguments.size() - static_cast<std::size_t>(variadic < 0 ? 1 : variadic);
}

std::optional<std::size_t> Function::max_arguments() const {
  if (variadic < 0) {
    return std::nullopt;
  }
  return arguments.size();
}

ValueType Function::argument_type(std::size_t index) const {
  return arguments[std::min(index, arguments.size() - 1)];
}

const Function* find_function(std::string_view name) {
  const auto& all = table();
  const auto found = std::ranges::lower_bound(all, name, {}, &Function::name);
  return found != all.end() && found->name == name ? &*found : nullptr;
}

std::span<const Function> all_functions() { return table(); }

}  // namespace tocsin::promql
