#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/duration.h"
#include "base/result.h"

namespace tocsin::app {

/// The times of a range query, as a person writes them.
struct QuerySpan {
  base::WallTime start;
  base::WallTime end;
  base::Duration step{0};
};

/// The parts as they were given; empty ones have a default.
struct QuerySpanText {
  std::string range;  ///< START..END/STEP, a duration back from now, or parts of that
  std::string start;  ///< instead of the one in `range`
  std::string end;
  std::string step;
};

/// Reads `-1h..now/15s`, `1h`, `2026-01-02T10:00:00Z..2026-01-02T11:00:00Z`, `6h..1h/1m`. Times are
/// RFC 3339, Unix seconds, `now`, or a duration back from now with or without a minus. The end is
/// now when it is missing, the start one hour before the end, and the step such that there is one
/// value for each of `points`. Pure.
base::Result<QuerySpan> parse_query_span(const QuerySpanText& text, base::WallTime now,
                                         std::size_t points);

/// One such time.
base::Result<base::WallTime> parse_query_time(std::string_view text, base::WallTime now);

}  // namespace tocsin::app
