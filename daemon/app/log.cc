#include "app/log.h"

#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>

#include "base/text.h"

namespace tocsin::app {
namespace {

bool is_plain(std::string_view value) {
  return !value.empty() && std::ranges::all_of(value, [](char c) {
    return c > ' ' && c != '"' && c != '=' && c != '\\' && c != 0x7F;
  });
}

void write(spdlog::level::level_enum level, std::string_view message, Fields fields) {
  if (spdlog::should_log(level)) {
    spdlog::log(level, "{}", format_line(message, fields));
  }
}

}  // namespace

void start_log(std::string_view level) {
  auto sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>("tocsin", std::move(sink));
  logger->set_level(spdlog::level::from_str(std::string(level)));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v", spdlog::pattern_time_type::utc);
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

std::string format_line(std::string_view message, Fields fields) {
  std::string line(message);
  for (const auto& [key, value] : fields) {
    line += ' ';
    line += key;
    line += '=';
    line += is_plain(value) ? value : base::quote(value);
  }
  return line;
}

void log_debug(std::string_view message, Fields fields) {
  write(spdlog::level::debug, message, fields);
}
void log_info(std::string_view message, Fields fields) {
  write(spdlog::level::info, message, fields);
}
void log_warning(std::string_view message, Fields fields) {
  write(spdlog::level::warn, message, fields);
}
void log_error(std::string_view message, Fields fields) {
  write(spdlog::level::err, message, fields);
}

}  // namespace tocsin::app
