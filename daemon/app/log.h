#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace tocsin::app {

/// key=value pairs of one log line.
using Fields = std::initializer_list<std::pair<std::string_view, std::string>>;

/// Sets up the process's log on standard error. Lines carry UTC time, level, a constant message
/// and fields. Call once, before the first line.
void start_log(std::string_view level);

void log_debug(std::string_view message, Fields fields = {});
void log_info(std::string_view message, Fields fields = {});
void log_warning(std::string_view message, Fields fields = {});
/// Asks an operator to act.
void log_error(std::string_view message, Fields fields = {});

/// `message key=value key2="two words"`.
std::string format_line(std::string_view message, Fields fields);

}  // namespace tocsin::app
