#include "app/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/text.h"

namespace tocsin::app {
namespace {

constexpr std::size_t kDefaultWidth = 80;
constexpr std::size_t kMinWidth = 20;
constexpr std::size_t kMaxWidth = 1000;

/// Reads one character off the front; bytes that are no UTF-8 count one by one.
std::uint32_t take_character(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  std::size_t length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (length > text.size() || !base::is_valid_utf8(text.substr(0, length))) {
    length = 1;
  }
  std::uint32_t rune = length == 1 ? lead : lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    rune = rune << 6U | (static_cast<unsigned char>(text[i]) & 0x3fU);
  }
  text.remove_prefix(length);
  return rune;
}

/// The blocks of Unicode's East Asian Width W and F that people write in.
bool is_wide(std::uint32_t rune) {
  static constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 9> kWide = {{
      {0x1100, 0x115f},
      {0x2e80, 0x303e},
      {0x3041, 0xa4cf},
      {0xac00, 0xd7a3},
      {0xf900, 0xfaff},
      {0xfe30, 0xfe6f},
      {0xff00, 0xff60},
      {0x1f300, 0x1faff},
      {0x20000, 0x3fffd},
  }};
  return std::ranges::any_of(
      kWide, [rune](const auto& block) { return rune >= block.first && rune <= block.second; });
}

bool is_combining(std::uint32_t rune) {
  return (rune >= 0x300 && rune <= 0x36f) || (rune >= 0x200b && rune <= 0x200f) || rune == 0xfeff;
}

std::size_t width_of(std::uint32_t rune) { return is_combining(rune) ? 0 : is_wide(rune) ? 2 : 1; }

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    width += width_of(take_character(text));
  }
  return width;
}

std::string fit_width(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) {
    return std::string(text);
  }
  std::string out;
  std::size_t width = 1;  // the mark's
  while (!text.empty()) {
    const std::string_view before = text;
    width += width_of(take_character(text));
    if (width > columns) {
      break;
    }
    out += before.substr(0, before.size() - text.size());
  }
  return out + "…";
}

std::size_t terminal_width(const base::Environment& environment) {
  if (const auto columns = environment.get("COLUMNS")) {
    const auto number = base::parse_number(*columns);
    if (number && *number >= 1) {
      return static_cast<std::size_t>(
          std::clamp(*number, static_cast<double>(kMinWidth), static_cast<double>(kMaxWidth)));
    }
  }
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
    return kDefaultWidth;
  }
  return std::max<std::size_t>(size.ws_col, kMinWidth);
}

bool wants_color(const base::Environment& environment) {
  const auto refused = environment.get("NO_COLOR");
  return ::isatty(STDOUT_FILENO) == 1 && (!refused || refused->empty());
}

}  // namespace tocsin::app
