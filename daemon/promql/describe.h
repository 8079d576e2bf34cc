#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "promql/query.h"

namespace tocsin::promql {

/// A value as JSON has them, for whoever writes JSON. The fields of an object are in the order of
/// their names.
struct AstValue {
  struct Field;
  using List = std::vector<AstValue>;
  using Object = std::vector<Field>;

  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, List, Object> value;
};

/// A field of an object.
struct AstValue::Field {
  std::string_view name;
  AstValue value;
};

/// The tree as Prometheus' /api/v1/parse_query answers it: objects with `type` and what belongs to
/// it, times and durations in milliseconds.
AstValue describe_ast(const Expr& expr);

}  // namespace tocsin::promql
