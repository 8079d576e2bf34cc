#include "templates/utf8.h"

#include "base/text.h"

namespace tocsin::templates {

char32_t next_rune(std::string_view& text) {
  if (text.empty()) {
    return 0;
  }
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (length == 1 || !base::is_valid_utf8(text.substr(0, length))) {
    text.remove_prefix(1);
    return lead < 0x80 ? lead : 0xFFFD;
  }
  char32_t rune = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    rune = (rune << 6) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  text.remove_prefix(length);
  return rune;
}

void append_rune(std::string& text, char32_t rune) {
  if (rune > 0x10FFFF || (rune >= 0xD800 && rune <= 0xDFFF)) {
    rune = 0xFFFD;
  }
  const auto tail = [&](unsigned shift) {
    text += static_cast<char>(0x80U | ((rune >> shift) & 0x3FU));
  };
  if (rune < 0x80) {
    text += static_cast<char>(rune);
  } else if (rune < 0x800) {
    text += static_cast<char>(0xC0U | (rune >> 6));
    tail(0);
  } else if (rune < 0x10000) {
    text += static_cast<char>(0xE0U | (rune >> 12));
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xF0U | (rune >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

std::size_t count_runes(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    next_rune(text);
    ++count;
  }
  return count;
}

}  // namespace tocsin::templates
