#pragma once

#include <cstdint>
#include <optional>

#include "promql/query.h"

namespace tocsin::promqltest {

/// The query with `@ time` at every outermost selector and subquery that has no `@`. Nothing when
/// the query asks for the evaluation time in another way, so that its result may change.
std::optional<promql::Query> anchor(const promql::Query& query, std::int64_t time_ms);

/// Whether the query can be asked for as a range query with the same values.
bool runs_as_range(const promql::Query& query);

}  // namespace tocsin::promqltest
