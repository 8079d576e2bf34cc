#include "base/xxhash.h"

#include <bit>
#include <cstddef>

namespace tocsin::base {
namespace {

constexpr std::uint64_t kPrime1 = 0x9E3779B185EBCA87;
constexpr std::uint64_t kPrime2 = 0xC2B2AE3D27D4EB4F;
constexpr std::uint64_t kPrime3 = 0x165667B19E3779F9;
constexpr std::uint64_t kPrime4 = 0x85EBCA77C2B2AE63;
constexpr std::uint64_t kPrime5 = 0x27D4EB2F165667C5;

// The first `size` bytes as a little-endian number.
std::uint64_t number(std::string_view bytes, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i > 0; --i) {
    value = value << 8 | static_cast<unsigned char>(bytes[i - 1]);
  }
  return value;
}

std::uint64_t round(std::uint64_t lane, std::uint64_t input) {
  return std::rotl(lane + input * kPrime2, 31) * kPrime1;
}

// Four lanes side by side over all whole blocks of 32 bytes, which are taken from the front.
std::uint64_t take_blocks(std::string_view& bytes) {
  std::uint64_t lanes[] = {kPrime1 + kPrime2, kPrime2, 0, 0 - kPrime1};
  while (bytes.size() >= 32) {
    for (std::uint64_t& lane : lanes) {
      lane = round(lane, number(bytes, 8));
      bytes.remove_prefix(8);
    }
  }
  std::uint64_t hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) +
                       std::rotl(lanes[3], 18);
  for (const std::uint64_t lane : lanes) {
    hash = (hash ^ round(0, lane)) * kPrime1 + kPrime4;
  }
  return hash;
}

}  // namespace

std::uint64_t xxhash64(std::string_view bytes) {
  const std::uint64_t size = bytes.size();
  std::uint64_t hash = size >= 32 ? take_blocks(bytes) : kPrime5;
  hash += size;
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    hash = std::rotl(hash ^ round(0, number(bytes, 8)), 27) * kPrime1 + kPrime4;
  }
  if (bytes.size() >= 4) {
    hash = std::rotl(hash ^ (number(bytes, 4) * kPrime1), 23) * kPrime2 + kPrime3;
    bytes.remove_prefix(4);
  }
  for (; !bytes.empty(); bytes.remove_prefix(1)) {
    hash = std::rotl(hash ^ (number(bytes, 1) * kPrime5), 11) * kPrime1;
  }
  hash = (hash ^ (hash >> 33)) * kPrime2;
  hash = (hash ^ (hash >> 29)) * kPrime3;
  return hash ^ (hash >> 32);
}

}  // namespace tocsin::base
