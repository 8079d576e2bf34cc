#pragma once

#include "templates/template.h"

namespace tocsin::templates {

/// Go's own functions but for `and` and `or`, which the executor evaluates lazily.
const FunctionMap& builtin_functions();

/// Whether a name stands for something that the executor does itself: and, or, tmpl.
bool is_special_function(std::string_view name);

std::string html_escape(std::string_view text);
/// Go's url.QueryEscape: blanks become +.
std::string query_escape(std::string_view text);

}  // namespace tocsin::templates
