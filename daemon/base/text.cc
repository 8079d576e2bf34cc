#include "base/text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>

namespace tocsin::base {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + 1);
  }
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const std::string& part : parts) {
    if (&part != &parts.front()) {
      text += separator;
    }
    text += part;
  }
  return text;
}

std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') {
      c = static_cast<char>(c - 'A' + 'a');
    }
  }
  return lower;
}

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) {
    return 1;
  }
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    low = lead == 0xE0 ? 0xA0 : 0x80;
    high = lead == 0xED ? 0x9F : 0xBF;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    low = lead == 0xF0 ? 0x90 : 0x80;
    high = lead == 0xF4 ? 0x8F : 0xBF;
  }
  if (length == 0 || text.size() < length || byte(1) < low || byte(1) > high) {
    return 0;
  }
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) {
      return 0;
    }
  }
  return length;
}

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

std::string_view truncate_utf8(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) {
    return text;
  }
  std::size_t end = max_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
    --end;
  }
  return text.substr(0, end);
}

std::string shorten_runes(std::string_view text, std::size_t max_runes) {
  std::size_t runes = 0;
  std::size_t kept = 0;  // bytes of all but the last allowed character
  for (std::size_t at = 0; at < text.size(); ++runes) {
    if (runes + 1 == max_runes) {
      kept = at;
    }
    if (runes == max_runes) {
      return std::string(text.substr(0, kept)) + "…";
    }
    at += std::max<std::size_t>(utf8_length(text.substr(at)), 1);
  }
  return std::string(text);
}

std::optional<double> parse_number(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  const auto sign = [negative](double value) { return negative ? -value : value; };
  const std::string lower = to_lower(text);
  if (lower == "inf" || lower == "infinity") {
    return sign(std::numeric_limits<double>::infinity());
  }
  if (lower == "nan") {
    return std::numeric_limits<double>::quiet_NaN();
  }
  std::string digits;
  digits.reserve(lower.size());
  for (const char c : lower) {
    if (c != '_') {
      digits += c;
    }
  }
  const bool hexadecimal = digits.starts_with("0x");
  const char* first = digits.data() + (hexadecimal ? 2 : 0);
  const char* last = digits.data() + digits.size();
  const std::string_view allowed = hexadecimal ? "0123456789abcdef." : "0123456789.";
  if (first == last || allowed.find(*first) == std::string_view::npos || lower.front() == '_' ||
      lower.back() == '_') {
    return std::nullopt;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(
      first, last, value, hexadecimal ? std::chars_format::hex : std::chars_format::general);
  if (end != last) {
    return std::nullopt;
  }
  if (error == std::errc::result_out_of_range) {
    // from_chars leaves the value untouched; strtod says on which side the range was left.
    value = std::strtod(digits.c_str(), nullptr);
  } else if (error != std::errc()) {
    return std::nullopt;
  }
  return sign(value);
}

namespace {

std::optional<std::string> format_special(double value) {
  if (std::isnan(value)) {
    return "NaN";
  }
  if (std::isinf(value)) {
    return value > 0 ? "+Inf" : "-Inf";
  }
  return std::nullopt;
}

std::string print_scientific(double value) {
  std::array<char, 40> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                          std::chars_format::scientific);
  return error == std::errc() ? std::string(buffer.data(), end) : std::string("NaN");
}

// The shortest digits that read back, padded with zeros: std::to_chars in fixed format prints
// all digits of the binary value instead, so 1e23 would become 99999999999999991611392.
std::string print_fixed(double value) {
  const std::string text = print_scientific(value);
  const std::size_t mantissa = text.front() == '-' ? 1 : 0;
  const std::size_t mark = text.find('e');
  const int exponent = std::atoi(text.c_str() + mark + 1);
  std::string digits;
  for (const char c : std::string_view(text).substr(mantissa, mark - mantissa)) {
    if (c != '.') {
      digits += c;
    }
  }
  const int whole = exponent + 1;  // how many digits stand before the point
  if (whole <= 0) {
    digits.insert(0, "0." + std::string(static_cast<std::size_t>(-whole), '0'));
  } else if (static_cast<std::size_t>(whole) >= digits.size()) {
    digits.append(static_cast<std::size_t>(whole) - digits.size(), '0');
  } else {
    digits.insert(static_cast<std::size_t>(whole), ".");
  }
  return text.substr(0, mantissa) + digits;
}

}  // namespace

std::string format_number(double value) {
  if (auto special = format_special(value)) {
    return *special;
  }
  return print_fixed(value);
}

std::string format_number_short(double value) {
  if (auto special = format_special(value)) {
    return *special;
  }
  // Go's strconv decides as if the precision were 6 when it is left open.
  std::string scientific = print_scientific(value);
  const int exponent = std::atoi(scientific.c_str() + scientific.find('e') + 1);
  return exponent < -4 || exponent >= 6 ? scientific : print_fixed(value);
}

}  // namespace tocsin::base
