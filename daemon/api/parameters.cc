#include "api/parameters.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>

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

/// Prometheus takes the fraction off before it rounds to milliseconds; 1.0005 is 1.000 so.
std::int64_t to_milliseconds(double seconds) {
  double whole = 0;
  const double rest = std::modf(seconds, &whole);
  return static_cast<std::int64_t>(whole) * 1000 +
         static_cast<std::int64_t>(std::round(rest * 1000.0));
}

constexpr std::string_view kEarliest = "-292273086-05-16T16:47:06Z";
constexpr std::string_view kLatest = "292277025-08-18T07:12:54.999999999Z";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

void append_utf8(std::string& out, std::uint32_t rune) {
  const auto rest = [rune](int shift) {
    return static_cast<char>(0x80U | ((rune >> static_cast<unsigned>(shift)) & 0x3fU));
  };
  if (rune < 0x80) {
    out += static_cast<char>(rune);
  } else if (rune < 0x800) {
    out += {static_cast<char>(0xc0U | (rune >> 6U)), rest(0)};
  } else if (rune < 0x10000) {
    out += {static_cast<char>(0xe0U | (rune >> 12U)), rest(6), rest(0)};
  } else {
    out += {static_cast<char>(0xf0U | (rune >> 18U)), rest(12), rest(6), rest(0)};
  }
}

/// Reads "2e_" off the front; nothing when it is no character's number.
std::optional<std::uint32_t> character_number(std::string_view& text) {
  std::uint32_t rune = 0;
  for (std::size_t i = 0; i < text.size() && i <= 6; ++i) {
    if (text[i] == '_') {
      text.remove_prefix(i + 1);
      const bool surrogate = rune >= 0xd800 && rune < 0xe000;
      return rune <= 0x10ffff && !surrogate ? std::optional(rune) : std::nullopt;
    }
    const int digit = hex_digit(text[i]);
    if (digit < 0) {
      return std::nullopt;
    }
    rune = rune * 16 + static_cast<std::uint32_t>(digit);
  }
  return std::nullopt;
}

}  // namespace

base::Result<base::WallTime> parse_time(std::string_view text) {
  const std::optional<double> seconds = base::parse_number(text);
  if (seconds && std::isfinite(*seconds) && std::fabs(*seconds) <= kMaxSeconds) {
    return base::from_millis(to_milliseconds(*seconds));
  }
  // What Prometheus' own programs send for "all there is".
  if (text == kEarliest || text == kLatest) {
    return base::from_millis(static_cast<std::int64_t>(kMaxSeconds) *
                             (text == kEarliest ? -1000 : 1000));
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
  if (seconds && std::isfinite(*seconds)) {
    if (std::fabs(*seconds) > kMaxSeconds) {
      return Error(ErrorCode::kInvalidInput, "cannot parse " + base::quote(text) +
                                                 " to a valid duration. It overflows int64");
    }
    return base::Duration(static_cast<std::int64_t>(*seconds * 1000.0));
  }
  base::Result<base::Duration> duration = base::parse_duration(text);
  if (duration) {
    return duration;
  }
  return Error(ErrorCode::kInvalidInput,
               "cannot parse " + base::quote(text) + " to a valid duration");
}

std::string text_of(const net::ServerRequest& request, std::string_view name) {
  return std::string(request.parameter(name).value_or(""));
}

base::Result<base::WallTime> time_of(const net::ServerRequest& request, std::string_view name,
                                     base::WallTime otherwise) {
  const auto text = request.parameter(name);
  if (!text || text->empty()) {
    return otherwise;
  }
  base::Result<base::WallTime> time = parse_time(*text);
  if (!time) {
    return std::move(time.error()).context("Invalid time value for '" + std::string(name) + "'");
  }
  return time;
}

base::Result<std::size_t> limit_of(const net::ServerRequest& request) {
  const std::string text = text_of(request, "limit");
  if (text.empty()) {
    return base::Result<std::size_t>(0);
  }
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const char* begin = text.data() + (text[0] == '+' ? 1 : 0);
  const auto [stopped, error] = std::from_chars(begin, end, number);
  if (stopped != end || error != std::errc()) {
    const bool range = error == std::errc::result_out_of_range;
    return Error(ErrorCode::kInvalidInput,
                 "strconv.Atoi: parsing " + base::quote(text) +
                     (range ? ": value out of range" : ": invalid syntax"));
  }
  if (number < 0) {
    return Error(ErrorCode::kInvalidInput, "limit must be non-negative");
  }
  return static_cast<std::size_t>(number);
}

std::string with_thousands(std::size_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

std::string unescape_label_name(std::string_view name) {
  constexpr std::string_view kMark = "U__";
  if (!name.starts_with(kMark)) {
    return std::string(name);
  }
  std::string plain;
  std::string_view rest = name.substr(kMark.size());
  while (!rest.empty()) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c != '_') {
      plain += c;
    } else if (rest.starts_with('_')) {
      plain += '_';
      rest.remove_prefix(1);
    } else {
      const std::optional<std::uint32_t> rune = character_number(rest);
      if (!rune) {
        return std::string(name);
      }
      append_utf8(plain, *rune);
    }
  }
  return plain;
}

}  // namespace tocsin::api
