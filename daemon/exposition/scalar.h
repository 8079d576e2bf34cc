#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tocsin::exposition {

/// Resolves \\ and \n, and \" when asked; any other backslash stays.
std::string unescape(std::string_view text, bool quotes);

/// A number as the formats write it: decimal, Inf, NaN. Nothing for hexadecimal, underscores,
/// and what no double can hold.
std::optional<double> read_number(std::string_view text);

}  // namespace tocsin::exposition
