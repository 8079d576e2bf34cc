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

}  // namespace tocsin::templates
