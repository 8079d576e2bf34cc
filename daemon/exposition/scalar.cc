#include "exposition/scalar.h"

#include <charconv>
#include <cmath>

#include "base/text.h"

namespace tocsin::exposition {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string unescape(std::string_view text, bool quotes) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
    if (next == '\\' || (next == '"' && quotes)) {
      out += next;
      ++i;
    } else if (next == 'n') {
      out += '\n';
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::optional<double> read_number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) {
    text.remove_prefix(1);
  }
  if (text.empty()) {
    return std::nullopt;
  }
  double value = 0;
  if (is_digit(text.front()) || text.front() == '.') {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (end != text.data() + text.size()) {
      return std::nullopt;
    }
    if (error == std::errc::result_out_of_range) {
      // Too small becomes zero or the nearest denormal; too large is no number of ours.
      value = base::parse_number(text).value_or(HUGE_VAL);
      if (std::isinf(value)) {
        return std::nullopt;
      }
    } else if (error != std::errc()) {
      return std::nullopt;
    }
  } else if (is_letter(text.front())) {
    const std::optional<double> special = base::parse_number(text);
    if (!special) {
      return std::nullopt;
    }
    value = *special;
  } else {
    return std::nullopt;
  }
  return negative ? -value : value;
}

}  // namespace tocsin::exposition
