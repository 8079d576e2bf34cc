#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "templates/value.h"

namespace tocsin::templates {

/// As Go prints a time.Time: 2006-01-02 15:04:05.123 +0000 UTC.
std::string format_time(const Time& time);
/// By a layout of Go's reference time, Mon Jan 2 15:04:05 MST 2006.
std::string format_time(const Time& time, std::string_view layout);

/// The same moment in a zone of the IANA database. This room reads no files, so only UTC, zones
/// without summer time of many regions, and those of Europe and North America are known, by the
/// rules in force since 2007.
std::optional<Time> in_zone(const Time& time, std::string_view zone);

/// Calls a method of time.Time or time.Duration; nothing when there is no such method.
std::optional<base::Result<Value>> call_time_method(const Value& receiver, std::string_view name,
                                                    const std::vector<Value>& arguments);

}  // namespace tocsin::templates
