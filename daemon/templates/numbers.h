#pragma once

#include <string>

#include "templates/value.h"

namespace tocsin::templates {

/// A float as %v prints it: the shortest text that reads back, with an exponent below 1e-4 and
/// from 1e+06 on.
std::string format_float(double value);

/// %.4g and its like; infinities and NaN as +Inf, -Inf, NaN.
std::string format_float(double value, char verb, int precision);

/// Go's time.Duration.String(): 1h2m3.5s, 1.5ms, 0s.
std::string format_span(Span span);

}  // namespace tocsin::templates
