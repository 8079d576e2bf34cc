#include "templates/humanize.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "templates/numbers.h"

namespace tocsin::templates {
namespace {

constexpr std::array<std::string_view, 8> kSmall = {"m", "u", "n", "p", "f", "a", "z", "y"};

std::string four_digits(double value) { return format_float(value, 'g', 4); }

/// Scales up with the prefixes for parts of one.
std::string scale_small(double value, std::string_view unit) {
  std::string_view prefix;
  for (const std::string_view candidate : kSmall) {
    if (std::fabs(value) >= 1) {
      break;
    }
    prefix = candidate;
    value *= 1000;
  }
  return four_digits(value) + std::string(prefix) + std::string(unit);
}

std::string scale_large(double value, double step,
                        const std::array<std::string_view, 8>& prefixes) {
  std::string_view prefix;
  for (const std::string_view candidate : prefixes) {
    if (std::fabs(value) < step) {
      break;
    }
    prefix = candidate;
    value /= step;
  }
  return four_digits(value) + std::string(prefix);
}

}  // namespace

std::string humanize(double value) {
  constexpr std::array<std::string_view, 8> kLarge = {"k", "M", "G", "T", "P", "E", "Z", "Y"};
  if (value == 0 || !std::isfinite(value)) {
    return four_digits(value);
  }
  return std::fabs(value) >= 1 ? scale_large(value, 1000, kLarge) : scale_small(value, "");
}

std::string humanize_1024(double value) {
  constexpr std::array<std::string_view, 8> kLarge = {"ki", "Mi", "Gi", "Ti",
                                                      "Pi", "Ei", "Zi", "Yi"};
  if (std::fabs(value) <= 1 || !std::isfinite(value)) {
    return four_digits(value);
  }
  return scale_large(value, 1024, kLarge);
}

std::string humanize_duration(double seconds) {
  if (!std::isfinite(seconds)) {
    return four_digits(seconds);
  }
  if (seconds == 0) {
    return four_digits(seconds) + "s";
  }
  if (std::fabs(seconds) < 1) {
    return scale_small(seconds, "s");
  }
  const std::string sign = seconds < 0 ? "-" : "";
  const double magnitude = std::fabs(seconds);
  // Beyond the range of 64 bits there is nothing sensible to say; a number is still readable.
  if (magnitude >= 9e18) {
    return sign + four_digits(magnitude) + "s";
  }
  const auto whole = static_cast<std::int64_t>(magnitude);
  if (whole < 60) {
    return sign + four_digits(magnitude) + "s";
  }
  std::string text = sign;
  if (whole >= 86400) {
    text += std::to_string(whole / 86400) + "d ";
  }
  if (whole >= 3600) {
    text += std::to_string(whole / 3600 % 24) + "h ";
  }
  return text + std::to_string(whole / 60 % 60) + "m " + std::to_string(whole % 60) + "s";
}

std::string humanize_percentage(double ratio) { return four_digits(ratio * 100) + "%"; }

}  // namespace tocsin::templates
