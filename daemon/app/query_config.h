#pragma once

#include <cstddef>

#include "base/duration.h"
#include "yaml/document.h"

namespace tocsin::app {

/// The section `query:`: what queries of the HTTP API may use. Defaults are Prometheus' where it
/// has such a limit.
struct QueryConfig {
  base::Duration timeout = std::chrono::minutes(2);         ///< of one query, waiting included
  base::Duration lookback_delta = std::chrono::minutes(5);  ///< of rules, too
  std::size_t max_concurrency = 20;                         ///< more wait for their turn
  std::size_t max_samples = 50'000'000;                     ///< that one query holds at a time
  std::size_t max_points = 11'000;                          ///< per series, of a range query
  std::size_t max_length = 100'000;                         ///< of an expression, in bytes
  std::size_t max_depth = 400;                              ///< levels of an expression
};

/// Decodes the section strictly.
QueryConfig decode_query(const yaml::Node& node, yaml::Problems& problems);

}  // namespace tocsin::app
