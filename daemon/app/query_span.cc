#include "app/query_span.h"

#include <algorithm>

#include "api/parameters.h"
#include "base/text.h"

namespace tocsin::app {
namespace {

using base::Error;
using base::ErrorCode;

constexpr base::Duration kDefaultSpan = std::chrono::hours(1);

/// The parts of START..END/STEP; a lone START is how far back to begin.
QuerySpanText split(const QuerySpanText& given) {
  QuerySpanText parts = given;
  std::string_view range = given.range;
  const auto set = [](std::string& part, std::string_view text) {
    if (part.empty()) {
      part = std::string(base::trim(text));
    }
  };
  if (const std::size_t slash = range.rfind('/'); slash != std::string_view::npos) {
    set(parts.step, range.substr(slash + 1));
    range = range.substr(0, slash);
  }
  const std::size_t dots = range.find("..");
  set(parts.start, range.substr(0, dots));
  if (dots != std::string_view::npos) {
    set(parts.end, range.substr(dots + 2));
  }
  return parts;
}

}  // namespace

base::Result<base::WallTime> parse_query_time(std::string_view text, base::WallTime now) {
  if (text == "now") {
    return now;
  }
  const std::string_view bare = text.starts_with('-') ? text.substr(1) : text;
  // A number alone is Unix seconds, as everywhere in the API.
  if (!base::parse_number(bare)) {
    if (const auto ago = base::parse_duration(bare)) {
      return now - *ago;
    }
  }
  auto time = api::parse_time(text);
  if (!time) {
    return Error(ErrorCode::kInvalidInput,
                 "no time: " + base::quote(text) +
                     ", expected RFC 3339, Unix seconds, now, or a duration back such as 1h");
  }
  return time;
}

base::Result<QuerySpan> parse_query_span(const QuerySpanText& text, base::WallTime now,
                                         std::size_t points) {
  const QuerySpanText parts = split(text);
  QuerySpan span;
  auto end = parse_query_time(parts.end.empty() ? "now" : parts.end, now);
  if (!end) {
    return end.error();
  }
  span.end = *end;
  span.start = span.end - kDefaultSpan;
  if (!parts.start.empty()) {
    auto start = parse_query_time(parts.start, now);
    if (!start) {
      return start.error();
    }
    span.start = *start;
  }
  if (span.end < span.start) {
    return Error(ErrorCode::kInvalidInput, "the range ends before it begins");
  }
  if (parts.step.empty()) {
    const auto count = static_cast<base::Duration::rep>(std::max<std::size_t>(points, 1));
    const auto seconds = std::chrono::ceil<std::chrono::seconds>((span.end - span.start) / count);
    span.step = std::max<base::Duration>(seconds, std::chrono::seconds(1));
    return span;
  }
  auto step = api::parse_step(parts.step);
  if (!step || *step <= base::Duration(0)) {
    return Error(ErrorCode::kInvalidInput,
                 "no step: " + base::quote(parts.step) + ", expected a duration such as 15s");
  }
  span.step = *step;
  return span;
}

}  // namespace tocsin::app
