#pragma once

#include <cstdint>

namespace tocsin::promql {

struct Expr;

/// One node at one time, as Evaluator's functions hand it on.
struct TimeScope {
  const Expr& expr;
  std::int64_t time_ms;
  bool names_marked;  ///< see Evaluator::Names
};

}  // namespace tocsin::promql
