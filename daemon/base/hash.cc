#include "base/hash.h"

namespace tocsin::base {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

}  // namespace

std::string to_hex(std::uint64_t value) {
  std::string text(16, '0');
  for (std::size_t i = text.size(); i-- > 0; value >>= 4) {
    text[i] = kDigits[value & 15];
  }
  return text;
}

std::optional<std::uint64_t> parse_hex(std::string_view text) {
  if (text.size() != 16) {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  for (const char digit : text) {
    const std::size_t weight = kDigits.find(digit);
    if (weight == std::string_view::npos) {
      return std::nullopt;
    }
    value = (value << 4U) | weight;
  }
  return value;
}

}  // namespace tocsin::base
