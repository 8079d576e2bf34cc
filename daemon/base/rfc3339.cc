#include "base/rfc3339.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

namespace tocsin::base {
namespace {

/// Takes digits off the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  /// Exactly `width` digits.
  std::optional<int> number(std::size_t width) {
    if (text_.size() < width) {
      return std::nullopt;
    }
    int value = 0;
    for (const char digit : text_.substr(0, width)) {
      if (digit < '0' || digit > '9') {
        return std::nullopt;
      }
      value = value * 10 + (digit - '0');
    }
    text_.remove_prefix(width);
    return value;
  }

  bool literal(char lower, char upper) {
    if (text_.empty() || (text_[0] != lower && text_[0] != upper)) {
      return false;
    }
    text_.remove_prefix(1);
    return true;
  }
  bool literal(char c) { return literal(c, c); }
  bool done() const { return text_.empty(); }

  /// The digits after the point, as milliseconds; at least one is needed.
  std::optional<int> fraction() {
    int value = 0;
    int place = 100;
    bool any = false;
    for (; !text_.empty() && text_[0] >= '0' && text_[0] <= '9'; text_.remove_prefix(1)) {
      value += (text_[0] - '0') * place;
      place /= 10;
      any = true;
    }
    return any ? std::optional(value) : std::nullopt;
  }

 private:
  std::string_view text_;
};

struct Parts {
  int year, month, day, hour, minute, second;
};

std::optional<Parts> date_and_time(Scanner& scanner) {
  const auto year = scanner.number(4);
  const bool dash1 = scanner.literal('-');
  const auto month = scanner.number(2);
  const bool dash2 = scanner.literal('-');
  const auto day = scanner.number(2);
  const bool t = scanner.literal('T', 't');
  const auto hour = scanner.number(2);
  const bool colon1 = scanner.literal(':');
  const auto minute = scanner.number(2);
  const bool colon2 = scanner.literal(':');
  const auto second = scanner.number(2);
  if (!(year && dash1 && month && dash2 && day && t && hour && colon1 && minute && colon2 &&
        second)) {
    return std::nullopt;
  }
  if (*hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  return Parts{*year, *month, *day, *hour, *minute, *second};
}

/// How far the local time is ahead of UTC.
std::optional<std::chrono::minutes> zone(Scanner& scanner) {
  if (scanner.literal('Z', 'z')) {
    return std::chrono::minutes(0);
  }
  const bool plus = scanner.literal('+');
  if (!plus && !scanner.literal('-')) {
    return std::nullopt;
  }
  const auto hours = scanner.number(2);
  const bool colon = scanner.literal(':');
  const auto minutes = scanner.number(2);
  if (!hours || !colon || !minutes || *hours > 23 || *minutes > 59) {
    return std::nullopt;
  }
  const std::chrono::minutes ahead(*hours * 60 + *minutes);
  return plus ? ahead : -ahead;
}

Error malformed() {
  return {ErrorCode::kInvalidInput, "expected a time such as 2026-01-31T09:05:00Z"};
}

}  // namespace

std::string format_rfc3339(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 40> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()));
  std::string out(text.data(), static_cast<std::size_t>(size));
  if (const auto millis = static_cast<int>(clock.subseconds().count()); millis != 0) {
    std::snprintf(text.data(), text.size(), ".%03d", millis);
    out += text.data();
    out.erase(out.find_last_not_of('0') + 1);
  }
  return out + 'Z';
}

Result<WallTime> parse_rfc3339(std::string_view text) {
  Scanner scanner(text);
  const auto parts = date_and_time(scanner);
  if (!parts) {
    return malformed();
  }
  int millis = 0;
  if (scanner.literal('.', ',')) {
    const auto fraction = scanner.fraction();
    if (!fraction) {
      return malformed();
    }
    millis = *fraction;
  }
  const auto ahead = zone(scanner);
  const std::chrono::year_month_day date(std::chrono::year(parts->year),
                                         std::chrono::month(static_cast<unsigned>(parts->month)),
                                         std::chrono::day(static_cast<unsigned>(parts->day)));
  if (!ahead || !scanner.done() || !date.ok()) {
    return malformed();
  }
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(parts->hour) +
         std::chrono::minutes(parts->minute) + std::chrono::seconds(parts->second) +
         std::chrono::milliseconds(millis) - *ahead;
}

}  // namespace tocsin::base
