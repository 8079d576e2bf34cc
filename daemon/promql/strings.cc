#include "promql/strings.h"

#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/text.h"

namespace tocsin::promql {

using base::Result;

namespace {

void append_utf8(std::string& out, std::uint32_t rune) {
  if (rune < 0x80) {
    out += static_cast<char>(rune);
  } else if (rune < 0x800) {
    out += static_cast<char>(0xC0 | (rune >> 6));
    out += static_cast<char>(0x80 | (rune & 0x3F));
  } else if (rune < 0x10000) {
    out += static_cast<char>(0xE0 | (rune >> 12));
    out += static_cast<char>(0x80 | ((rune >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (rune & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (rune >> 18));
    out += static_cast<char>(0x80 | ((rune >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((rune >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (rune & 0x3F));
  }
}

// Reads `count` digits of the base at `at`; nothing when there are fewer.
std::optional<std::uint32_t> digits(std::string_view text, std::size_t& at, std::size_t count,
                                    std::uint32_t base) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i, ++at) {
    const char c = at < text.size() ? text[at] : '\0';
    std::uint32_t digit = 99;
    if ((c >= '0' && c <= '9')) {
      digit = static_cast<std::uint32_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<std::uint32_t>(c - 'a' + 10);
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<std::uint32_t>(c - 'A' + 10);
    }
    if (digit >= base) {
      return std::nullopt;
    }
    value = value * base + digit;
  }
  return value;
}

// Appends what the escape sequence behind a backslash stands for; false when there is no such one.
bool unescape(std::string_view body, std::size_t& at, char delimiter, std::string& out) {
  static constexpr std::string_view kLetters = "abfnrtv\\";
  static constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\";
  const char c = at < body.size() ? body[at] : '\0';
  if (const auto letter = kLetters.find(c); letter != std::string_view::npos && c != '\0') {
    out += kMeanings[letter];
    ++at;
    return true;
  }
  if (c == delimiter && c != '\0') {
    out += c;
    ++at;
    return true;
  }
  if (c >= '0' && c <= '7') {
    const auto value = digits(body, at, 3, 8);
    if (!value || *value > 255) {
      return false;
    }
    out += static_cast<char>(*value);
    return true;
  }
  if (c == 'x' || c == 'u' || c == 'U') {
    ++at;
    const auto value = digits(body, at, c == 'x' ? 2 : (c == 'u' ? 4 : 8), 16);
    if (!value || (c != 'x' && (*value > 0x10FFFF || (*value >= 0xD800 && *value < 0xE000)))) {
      return false;
    }
    if (c == 'x') {
      out += static_cast<char>(*value);
    } else {
      append_utf8(out, *value);
    }
    return true;
  }
  return false;
}

}  // namespace

Result<std::string> unquote(std::string_view quoted) {
  const char delimiter = quoted.front();
  const std::string_view body = quoted.substr(1, quoted.size() - 2);
  if (delimiter == '`') {
    return std::string(body);
  }
  std::string out;
  out.reserve(body.size());
  for (std::size_t at = 0; at < body.size();) {
    if (body[at] != '\\') {
      out += body[at++];
      continue;
    }
    ++at;
    if (!unescape(body, at, delimiter, out)) {
      return base::Error(base::ErrorCode::kInvalidInput, "invalid escape sequence in string");
    }
  }
  return out;
}

double number_value(std::string_view literal) {
  std::string digits(literal);
  std::erase(digits, '_');
  if (digits.size() > 1 && digits.front() == '0') {
    std::int64_t octal = 0;
    const char* end = digits.data() + digits.size();
    const auto [stopped, problem] = std::from_chars(digits.data(), end, octal, 8);
    if (problem == std::errc() && stopped == end) {
      return static_cast<double>(octal);
    }
  }
  return base::parse_number(literal).value_or(std::numeric_limits<double>::quiet_NaN());
}

}  // namespace tocsin::promql
