#include "yaml/scalar.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>
#include <string>

#include "base/text.h"

namespace tocsin::yaml {

std::optional<bool> parse_boolean(std::string_view text) {
  const std::string lower = base::to_lower(text);
  const bool upper_rest = text.size() > 1 && std::any_of(text.begin() + 1, text.end(), [](char c) {
                            return c >= 'A' && c <= 'Z';
                          });
  const bool all_upper =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (upper_rest && !all_upper) {
    return std::nullopt;
  }
  if (lower == "true" || lower == "yes" || lower == "on" || lower == "y") {
    return true;
  }
  if (lower == "false" || lower == "no" || lower == "off" || lower == "n") {
    return false;
  }
  return std::nullopt;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::string digits;
  std::copy_if(text.begin(), text.end(), std::back_inserter(digits),
               [](char c) { return c != '_'; });
  std::string_view rest = digits;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) {
    rest.remove_prefix(1);
  }
  int base = 10;
  if (rest.starts_with("0x") || rest.starts_with("0o") || rest.starts_with("0b")) {
    base = rest[1] == 'x' ? 16 : rest[1] == 'o' ? 8 : 2;
    rest.remove_prefix(2);
  }
  std::uint64_t value = 0;
  const auto [end, failure] = std::from_chars(rest.data(), rest.data() + rest.size(), value, base);
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (rest.empty() || failure != std::errc{} || end != rest.data() + rest.size() || value > kMax) {
    return std::nullopt;
  }
  return negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
}

std::optional<double> parse_float(std::string_view text) {
  const std::string lower = base::to_lower(text);
  if (lower == ".nan") {
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (lower == ".inf" || lower == "+.inf") {
    return std::numeric_limits<double>::infinity();
  }
  if (lower == "-.inf") {
    return -std::numeric_limits<double>::infinity();
  }
  return base::parse_number(text);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  if (text == "0") {
    return 0;
  }
  const std::size_t unit_at = std::min(text.find_first_not_of("0123456789."), text.size());
  std::string_view unit = text.substr(unit_at);
  constexpr std::string_view kPrefixes = "KMGTPE";
  double factor = 1;
  if (unit.size() > 1) {
    const std::size_t power = kPrefixes.find(unit[0]);
    if (power == std::string_view::npos) {
      return std::nullopt;
    }
    factor = std::pow(1024.0, static_cast<double>(power + 1));
    unit.remove_prefix(unit.size() == 3 && unit[1] == 'i' ? 2 : 1);
  }
  const std::optional<double> number = base::parse_number(text.substr(0, unit_at));
  if (unit != "B" || !number || *number < 0 || *number * factor >= 0x1p63) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(*number * factor);
}

}  // namespace tocsin::yaml
