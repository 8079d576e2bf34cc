#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tocsin::exposition {

/// A hash of 64 bits for comparing texts with texts remembered earlier: 16 bytes per step, each
/// folded by one multiplication to 128 bits. Every bit of the text moves about half of the result.
/// Not for keeping out those who search for collisions.
inline std::uint64_t text_hash(const char* text, std::size_t size) {
  __extension__ using Wide = unsigned __int128;
  // Odd numbers without pattern: fractional bits of the square roots of 2, 3, 5 and 7.
  constexpr std::uint64_t kRoots[] = {0x6a09e667f3bcc909, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                                      0xa54ff53a5f1d36f1};
  const auto fold = [](std::uint64_t a, std::uint64_t b) {
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  };
  const auto load = [](const char* from) {
    std::uint64_t word = 0;
    std::memcpy(&word, from, sizeof(word));
    return word;
  };
  std::uint64_t first = kRoots[0] ^ size;
  std::uint64_t second = kRoots[1];
  std::size_t left = size;
  for (; left > 32; left -= 32, text += 32) {
    first = fold(load(text) ^ kRoots[2], load(text + 8) ^ first);
    second = fold(load(text + 16) ^ kRoots[3], load(text + 24) ^ second);
  }
  char tail[32] = {};
  std::memcpy(tail, text, left);
  first = fold(load(tail) ^ kRoots[2], load(tail + 8) ^ first);
  second = fold(load(tail + 16) ^ kRoots[3], load(tail + 24) ^ second);
  return fold(first ^ kRoots[1], second ^ kRoots[0]);
}

}  // namespace tocsin::exposition
