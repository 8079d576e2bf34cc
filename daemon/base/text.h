#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::base {

/// The parts between each occurrence of the separator, empty ones included.
std::vector<std::string_view> split(std::string_view text, char separator);

/// Without blanks, tabs, carriage returns and line feeds at both ends.
std::string_view trim(std::string_view text);

std::string join(const std::vector<std::string>& parts, std::string_view separator);

/// ASCII letters in lower case; other bytes as they are.
std::string to_lower(std::string_view text);

/// The length of the valid UTF-8 sequence at the start of `text`, which is not empty; or 0.
std::size_t utf8_length(std::string_view text);

/// Whether the bytes are valid UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool is_valid_utf8(std::string_view text);

/// Cuts to at most max_bytes without splitting a UTF-8 sequence.
std::string_view truncate_utf8(std::string_view text, std::size_t max_bytes);

/// The text when it has at most `max_runes` characters, else the first ones and "…", as
/// Alertmanager shortens.
std::string shorten_runes(std::string_view text, std::size_t max_runes);

/// `text` in double quotes with Go's strconv.Quote escapes: for ", \, control characters, and what
/// has no picture, such as U+00A0 and U+200B.
std::string quote(std::string_view text);

/// Reads a number as Prometheus does: Go's decimal and hexadecimal floats with underscores left
/// out, and Inf, +Inf, -Inf, NaN in any case. Nothing when the text is not entirely a number.
std::optional<double> parse_number(std::string_view text);

/// A number as Prometheus' HTTP API and templates print it: shortest round trip, Go's
/// strconv.FormatFloat(v, 'f', -1, 64): never an exponent; NaN, +Inf, -Inf.
std::string format_number(double value);

/// As Go's %v prints a float64 (strconv 'g', shortest, exponent when < -4 or >= 6): 1e+06.
std::string format_number_short(double value);

}  // namespace tocsin::base
