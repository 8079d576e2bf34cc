#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin::base {

inline constexpr std::uint64_t kFnvOffset = 14695981039346656037ULL;

/// FNV-1a, 64 bits, continued from `state`. Stable across releases: fingerprints of alerts and
/// idempotency keys are built from it. http://www.isthe.com/chongo/tech/comp/fnv/
constexpr std::uint64_t fnv1a(std::string_view bytes, std::uint64_t state = kFnvOffset) {
  for (const char byte : bytes) {
    state = (state ^ static_cast<unsigned char>(byte)) * 1099511628211ULL;
  }
  return state;
}

/// Sixteen lower-case hexadecimal digits.
std::string to_hex(std::uint64_t value);

/// What to_hex() wrote; nothing for any other text.
std::optional<std::uint64_t> parse_hex(std::string_view text);

}  // namespace tocsin::base
