#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/file_system.h"

namespace tocsin::app {

/// Columns that a UTF-8 text takes on a terminal: East Asian wide characters take two, combining
/// ones none.
std::size_t display_width(std::string_view text);

/// The text, cut to at most so many columns; a cut one ends in "…".
std::string fit_width(std::string_view text, std::size_t columns);

/// Columns of the terminal behind standard output; COLUMNS when it is set; 80 when nobody knows.
std::size_t terminal_width(const base::Environment& environment);

/// Whether output may be coloured: standard output is a terminal, and NO_COLOR is not set
/// (https://no-color.org).
bool wants_color(const base::Environment& environment);

}  // namespace tocsin::app
