#include "promql/functions.h"

#include <algorithm>
#include <string>
#include <unordered_map>

namespace tocsin::promql {
namespace {

std::vector<Function> collect() {
  std::vector<Function> all;
  for (auto* family : {&rate_functions, &trend_functions, &over_time_functions, &math_functions,
                       &time_functions, &label_functions, &vector_functions, &histogram_functions,
                       &query_functions, &sort_functions, &info_functions}) {
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

namespace {

std::string_view word_of(ValueType type) {
  return type == ValueType::kMatrix   ? "range"
         : type == ValueType::kVector ? "vector"
                                      : to_string(type);
}

}  // namespace

std::string signature(const Function& function) {
  std::string text = std::string(function.name) + "(";
  const std::size_t required = function.min_arguments();
  for (std::size_t i = 0; i < required; ++i) {
    text += i > 0 ? ", " : "";
    text += word_of(function.arguments[i]);
  }
  if (required < function.arguments.size()) {
    // All that can be left out are of one type.
    text += required > 0 ? "[, " : "[";
    text += word_of(function.arguments[required]);
    text += "]";
    text += function.max_arguments() == required + 1 ? "" : "…";
  }
  return text + ")";
}

const Function* find_function(std::string_view name) {
  const auto& all = table();
  const auto found = std::ranges::lower_bound(all, name, {}, &Function::name);
  return found != all.end() && found->name == name ? &*found : nullptr;
}

namespace {

Extension extension_of(const Expr& range) {
  const auto* selector = std::get_if<Selector>(&without_parens(range).node);
  return selector == nullptr ? Extension::kNone : selector->extension;
}

RangeFunction extended(const Function& function, Extension extension) {
  return extension == Extension::kAnchored ? function.anchored : function.smoothed;
}

base::Error refuse(const Function& function, Extension extension) {
  std::string names;
  for (const Function& row : table()) {
    if (extended(row, extension) != nullptr) {
      names += (names.empty() ? "" : ", ") + std::string(row.name);
    }
  }
  return {base::ErrorCode::kInvalidInput, std::string(to_string(extension)) +
                                              " modifier can only be used with: " + names +
                                              " - not with " + std::string(function.name)};
}

}  // namespace

base::Result<RangeFunction> range_function(const Function& function, const Expr& range) {
  const Extension extension = extension_of(range);
  if (extension == Extension::kNone) {
    return std::get<RangeFunction>(function.run);
  }
  RangeFunction run = extended(function, extension);
  return run != nullptr ? base::Result<RangeFunction>(run) : refuse(function, extension);
}

base::Status accepts_range(const Function& function, const Expr& range) {
  const Extension extension = extension_of(range);
  return extension == Extension::kNone ? base::Status() : refuse(function, extension);
}

std::span<const Function> all_functions() { return table(); }

}  // namespace tocsin::promql
