#pragma once

#include <span>
#include <string>
#include <string_view>

#include "templates/value.h"

namespace tocsin::templates {

/// Appends a value as Go's %v prints it. Stops after kMaxPrintedBytes.
void append_value(std::string& text, const Value& value);

/// Go's fmt.Sprintf: flags, width and precision, no argument indexes; faults stand in the text as
/// Go writes them: %!d(string=x), %!s(MISSING), %!(EXTRA int=5).
std::string format_values(std::string_view format, std::span<const Value> arguments);

/// Go's fmt.Sprint: blanks between operands when neither is a text.
std::string print_values(std::span<const Value> arguments);

/// A float as %v prints it: the shortest text that reads back, with an exponent below 1e-4 and
/// from 1e+06 on.
std::string format_float(double value);

/// %.4g and its like; infinities and NaN as +Inf, -Inf, NaN.
std::string format_float(double value, char verb, int precision);

/// Go's time.Duration.String(): 1h2m3.5s, 1.5ms, 0s.
std::string format_span(Span span);

}  // namespace tocsin::templates
