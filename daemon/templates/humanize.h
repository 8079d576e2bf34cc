#pragma once

#include <string>

namespace tocsin::templates {

/// Prometheus' number formats, each with four significant digits.
std::string humanize(double value);             ///< 1.235k, 12.3m
std::string humanize_1024(double value);        ///< 1.206ki
std::string humanize_duration(double seconds);  ///< 1d 2h 3m 4s, 12.3ms
std::string humanize_percentage(double ratio);  ///< 12.34%

}  // namespace tocsin::templates
