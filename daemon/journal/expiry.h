#pragma once

#include <array>
#include <string_view>

namespace tocsin::journal {

/// Records of alerts alone go after their retention; all others stay.
inline constexpr std::array<std::string_view, 4> kExpirablePrefixes = {"alert.", "notice.",
                                                                       "delivery.", "group."};

constexpr bool is_expirable(std::string_view type) {
  for (const std::string_view prefix : kExpirablePrefixes) {
    if (type.starts_with(prefix)) {
      return true;
    }
  }
  return false;
}

}  // namespace tocsin::journal
