#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tocsin::templates {

/// Takes the first character off a text that is not empty; broken bytes give U+FFFD one by one.
char32_t next_rune(std::string_view& text);
void append_rune(std::string& text, char32_t rune);
std::size_t count_runes(std::string_view text);

}  // namespace tocsin::templates
