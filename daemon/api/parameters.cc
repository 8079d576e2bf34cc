#include "api/parameters.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "base/text.h"

namespace tocsin::api {
namespace {

using base::Error;
using base::ErrorCode;

/// About 285,000 years: beyond, milliseconds and their sums could overflow.
constexpr double kMaxSeconds = 9e12;

/// Reads exactly `count` digits off the front.
std::optional<int> digits(std::string_view& text, std::size_t count) {
  int value = 0;
  if (text.size() < count) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') {
      return std::nullopt;
    }
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool literal(std::string_view& text, char expected) {
  if (text.empty() || text[0] != expected) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

/// The fraction after the seconds, in milliseconds, rounded down.
std::optional<int> fraction(std::string_view& text) {
  if (!literal(text, '.')) {
    return 0;
  }
  int milliseconds = 0;
  int weight = 100;
  std::size_t used = 0;
  while (used < text.size() && text[used] >= '0' && text[used] <= '9') {
    milliseconds += weight * (text[used] - '0');
    weight /= 10;
    ++used;
  }
  text.remove_prefix(used);
  return used > 0 ? std::optional<int>(milliseconds) : std::nullopt;
}

std::optional<std::chrono::minutes> zone(std::string_view text) {
  if (text == "Z" || text == "z") {
    return std::chrono::minutes(0);
  }
  const bool west = !text.empty() && text[0] == '-';
  if (text.empty() || (!west && text[0] != '+')) {
    return std::nullopt;
  }
  text.remove_prefix(1);
  const auto hours = digits(text, 2);
  if (!hours || !literal(text, ':')) {
    return std::nullopt;
  }
  const auto minutes = digits(text, 2);
  if (!minutes || !text.empty() || *hours > 23 || *minutes > 59) {
    return std::nullopt;
  }
  const auto offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return west ? -offset : offset;
}

std::optional<base::WallTime> parse_rfc3339(std::string_view text) {
  const auto year = digits(text, 4);
  const bool dash = literal(text, '-');
  const auto month = digits(text, 2);
  const bool second_dash = literal(text, '-');
  const auto day = digits(text, 2);
  const bool blank = literal(text, 'T') || literal(text, 't');
  const auto hour = digits(text, 2);
  const bool colon = literal(text, ':');
  const auto minute = digits(text, 2);
  const bool second_colon = literal(text, ':');
  const auto second = digits(text, 2);
  const auto milliseconds = fraction(text);
  const auto offset = zone(text);
  const bool shape = dash && second_dash && blank && colon && second_colon;
  if (!shape || !year || !month || !day || !hour || !minute || !second || !milliseconds ||
      !offset) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) {
    return std::nullopt;
  }
  return base::WallTime(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute) + std::chrono::seconds(*second) +
         std::chrono::milliseconds(*milliseconds) - *offset;
}

}  // namespace

base::Result<base::WallTime> parse_time(std::string_view text) {
  const std::optional<double> seconds = base::parse_number(text);
  if (seconds && std::isfinite(*seconds) && std::fabs(*seconds) <= kMaxSeconds) {
    return base::from_millis(static_cast<std::int64_t>(std::round(*seconds * 1000.0)));
  }
  const std::optional<base::WallTime> time = parse_rfc3339(text);
  if (time) {
    return *time;
  }
  return Error(ErrorCode::kInvalidInput,
               "cannot parse " + base::quote(text) + " to a valid timestamp");
}

base::Result<base::Duration> parse_step(std::string_view text) {
  const std::optional<double> seconds = base::parse_number(text);
  if (seconds && std::isfinite(*seconds) && std::fabs(*seconds) <= kMaxSeconds) {
    return base::Duration(static_cast<std::int64_t>(std::round(*seconds * 1000.0)));
  }
  base::Result<base::Duration> duration = base::parse_duration(text);
  if (duration) {
    return duration;
  }
  return Error(ErrorCode::kInvalidInput,
               "cannot parse " + base::quote(text) + " to a valid duration");
}

}  // namespace tocsin::api
