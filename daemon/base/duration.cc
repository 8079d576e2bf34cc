#include "base/duration.h"

#include <array>
#include <cstdint>
#include <limits>

namespace tocsin::base {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
  bool only_when_whole;  // years, weeks and days are printed only for whole multiples
};

constexpr std::int64_t kDay = 24LL * 3600 * 1000;
constexpr std::array kUnits = {
    Unit{"y", 365 * kDay, true},   Unit{"w", 7 * kDay, true},   Unit{"d", kDay, false},
    Unit{"h", 3600 * 1000, false}, Unit{"m", 60 * 1000, false}, Unit{"s", 1000, false},
    Unit{"ms", 1, false},
};

Error malformed(std::string_view text) {
  return {ErrorCode::kInvalidInput, "not a valid duration string: \"" + std::string(text) +
                                        "\", expected such as 30s or 1h30m"};
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  if (text == "0") {
    return Duration{0};
  }
  if (text.empty()) {
    return Error(ErrorCode::kInvalidInput, "empty duration string, expected such as 30s or 1h30m");
  }
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t digits = at;
    std::int64_t count = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
      if (count > (std::numeric_limits<std::int64_t>::max() - 9) / 10) {
        return Error(ErrorCode::kInvalidInput, "duration out of range");
      }
      count = count * 10 + (text[at++] - '0');
    }
    const std::size_t letters = at;
    while (at < text.size() && text[at] >= 'a' && text[at] <= 'z') {
      ++at;
    }
    const std::string_view name = text.substr(letters, at - letters);
    while (next_unit < kUnits.size() && kUnits[next_unit].name != name) {
      ++next_unit;
    }
    if (letters == digits || next_unit == kUnits.size()) {
      return malformed(text);
    }
    const std::int64_t scale = kUnits[next_unit++].milliseconds;
    // Prometheus keeps durations as int64 nanoseconds, about 292 years.
    if (count > (std::numeric_limits<std::int64_t>::max() / 1'000'000 - total) / scale) {
      return Error(ErrorCode::kInvalidInput, "duration out of range");
    }
    total += count * scale;
  }
  return Duration{total};
}

std::string format_duration(Duration duration) {
  std::int64_t rest = duration.count();
  if (rest == 0) {
    return "0s";
  }
  std::string text;
  if (rest < 0) {
    text = "-";
    rest = -rest;
  }
  for (const Unit& unit : kUnits) {
    if (unit.only_when_whole && rest % unit.milliseconds != 0) {
      continue;
    }
    if (const std::int64_t count = rest / unit.milliseconds; count > 0) {
      text += std::to_string(count);
      text += unit.name;
      rest -= count * unit.milliseconds;
    }
  }
  return text;
}

}  // namespace tocsin::base
