// Quoting as Go's %q does it.
#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>

#include "base/text.h"

namespace tocsin::base {
namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

/// Beyond ASCII: blanks, separators, controls, formats and private use of Unicode 14. Go escapes
/// what its tables do not know as well; which that is differs from version to version.
constexpr auto kUnprintable = std::to_array<Range>({
    {0x80, 0xA0},       {0xAD, 0xAD},       {0x600, 0x605},       {0x61C, 0x61C},
    {0x6DD, 0x6DD},     {0x70F, 0x70F},     {0x890, 0x891},       {0x8E2, 0x8E2},
    {0x1680, 0x1680},   {0x180E, 0x180E},   {0x2000, 0x200F},     {0x2028, 0x202F},
    {0x205F, 0x2064},   {0x2066, 0x206F},   {0x3000, 0x3000},     {0xD800, 0xF8FF},
    {0xFEFF, 0xFEFF},   {0xFFF9, 0xFFFB},   {0x110BD, 0x110BD},   {0x110CD, 0x110CD},
    {0x13430, 0x13438}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},   {0xE0001, 0xE0001},
    {0xE0020, 0xE007F}, {0xF0000, 0xFFFFD}, {0x100000, 0x10FFFD},
});

bool is_printable(std::uint32_t rune) {
  const auto range =
      std::ranges::lower_bound(kUnprintable, rune, std::ranges::less(), &Range::last);
  return range == kUnprintable.end() || rune < range->first;
}

void append_hex(std::string& out, std::uint32_t value, int digits) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
    out += kDigits[(value >> shift) & 15];
  }
}

/// Of valid UTF-8.
std::uint32_t rune_of(std::string_view sequence) {
  const auto lead = static_cast<unsigned char>(sequence.front());
  std::uint32_t rune = sequence.size() == 1 ? lead : lead & (0xFFU >> (sequence.size() + 1));
  for (const char c : sequence.substr(1)) {
    rune = (rune << 6) | (static_cast<unsigned char>(c) & 0x3F);
  }
  return rune;
}

void append_rune(std::string& out, std::string_view sequence) {
  const std::uint32_t rune = rune_of(sequence);
  if (rune < 0x20 || rune == 0x7F) {
    out += "\\x";
    append_hex(out, rune, 2);
  } else if (is_printable(rune)) {
    out += sequence;
  } else {
    out += rune < 0x10000 ? "\\u" : "\\U";
    append_hex(out, rune, rune < 0x10000 ? 4 : 8);
  }
}

}  // namespace

std::string quote(std::string_view text) {
  static constexpr std::string_view kEscaped = "\"\\\a\b\f\n\r\t\v";
  static constexpr std::string_view kLetters = "\"\\abfnrtv";
  std::string quoted = "\"";
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t length = utf8_length(text);
    if (const auto letter = kEscaped.find(c); letter != std::string_view::npos) {
      quoted += '\\';
      quoted += kLetters[letter];
    } else if (length == 0) {
      quoted += "\\x";
      append_hex(quoted, static_cast<unsigned char>(c), 2);
    } else {
      append_rune(quoted, text.substr(0, length));
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return quoted + '"';
}

}  // namespace tocsin::base
