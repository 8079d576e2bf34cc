#include "templates/numbers.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/text.h"

namespace tocsin::templates {

std::string format_float(double value) { return base::format_number_short(value); }

std::string format_float(double value, char verb, int precision) {
  if (!std::isfinite(value)) {
    return base::format_number(value);
  }
  const std::string format = std::string("%.*") + verb;
  const int length = std::snprintf(nullptr, 0, format.c_str(), precision, value);
  std::string text(static_cast<std::size_t>(std::max(length, 0)) + 1, '\0');
  std::snprintf(text.data(), text.size(), format.c_str(), precision, value);
  text.pop_back();
  return text;
}

std::string format_span(Span span) {
  const std::int64_t count = span.length.count();
  if (count == 0) {
    return "0s";
  }
  const auto nanoseconds =
      count < 0 ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
  const auto fraction = [](std::uint64_t value, std::uint64_t unit) {
    std::string text = std::to_string(value / unit);
    if (std::uint64_t rest = value % unit; rest != 0) {
      std::string digits = std::to_string(unit + rest).substr(1);
      digits.erase(digits.find_last_not_of('0') + 1);
      text += "." + digits;
    }
    return text;
  };
  std::string text = count < 0 ? "-" : "";
  if (nanoseconds < 1000) {
    return text + std::to_string(nanoseconds) + "ns";
  }
  if (nanoseconds < 1'000'000) {
    return text + fraction(nanoseconds, 1000) + "µs";
  }
  if (nanoseconds < 1'000'000'000) {
    return text + fraction(nanoseconds, 1'000'000) + "ms";
  }
  const std::uint64_t minutes = nanoseconds / 60'000'000'000;
  if (minutes >= 60) {
    text += std::to_string(minutes / 60) + "h";
  }
  if (minutes > 0) {
    text += std::to_string(minutes % 60) + "m";
  }
  return text + fraction(nanoseconds % 60'000'000'000, 1'000'000'000) + "s";
}

}  // namespace tocsin::templates
