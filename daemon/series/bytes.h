#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace tocsin::series {

/// A checksum of stored bytes. Each word is folded in by a bijection of the state, so that a change
/// within one word always shows.
inline std::uint64_t checksum(std::string_view bytes) {
  constexpr std::uint64_t kPrime = 0x9e3779b97f4a7c15;
  std::uint64_t state = bytes.size() * kPrime + 1;
  const auto fold = [&state](std::uint64_t word) {
    state = std::rotl((state ^ word) * kPrime, 29);
  };
  std::size_t at = 0;
  for (; at + sizeof(std::uint64_t) <= bytes.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof(word));
    fold(word);
  }
  std::uint64_t tail = 0;
  if (at < bytes.size()) {
    std::memcpy(&tail, bytes.data() + at, bytes.size() - at);
  }
  fold(tail);
  return state ^ (state >> 31);
}

/// The sum, wrapping around at the ends: damaged bytes may hold anything.
inline std::int64_t wrapping_sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

/// The same for differences.
inline std::int64_t wrapping_difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

/// Appends numbers and texts to a string. Numbers are varints: seven bits a byte, low ones first.
class ByteWriter {
 public:
  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      bytes_.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    bytes_.push_back(static_cast<char>(value));
  }
  /// Small whatever the sign.
  void zigzag(std::int64_t value) {
    varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  /// Eight bytes as they are.
  void fixed(std::uint64_t value) {
    char raw[sizeof(value)];
    std::memcpy(raw, &value, sizeof(value));
    bytes_.append(raw, sizeof(raw));
  }
  void text(std::string_view text) {
    varint(text.size());
    bytes_.append(text);
  }
  void raw(std::string_view text) { bytes_.append(text); }
  /// Every bit of a double. Integers up to 2^53 either way are exact, and most samples are small
  /// ones: the lowest bit tells them from the eight bytes of any other value, negative zero
  /// included.
  void value(double value) {
    constexpr double kExact = 9007199254740992.0;
    if (value >= -kExact && value <= kExact && value == std::trunc(value) &&
        !(value == 0 && std::signbit(value))) {
      const auto whole = static_cast<std::int64_t>(value);
      const auto folded =
          (static_cast<std::uint64_t>(whole) << 1) ^ static_cast<std::uint64_t>(whole >> 63);
      varint(folded << 1);
      return;
    }
    varint(1);
    fixed(std::bit_cast<std::uint64_t>(value));
  }

  std::size_t size() const { return bytes_.size(); }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reads what a ByteWriter wrote. Beyond the end, and after bytes that no writer makes, everything
/// is zero and ok() is false.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return bytes_.empty(); }
  std::size_t left() const { return bytes_.size(); }
  /// What was read makes no sense.
  void refuse() { fail(); }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (bytes_.empty()) {
        return fail();
      }
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) {
        return value;
      }
    }
    return fail();
  }
  std::int64_t zigzag() {
    const std::uint64_t value = varint();
    return static_cast<std::int64_t>((value >> 1) ^ (0 - (value & 1)));
  }
  std::uint64_t fixed() {
    const std::string_view raw_bytes = raw(sizeof(std::uint64_t));
    std::uint64_t value = 0;
    if (ok_) {
      std::memcpy(&value, raw_bytes.data(), sizeof(value));
    }
    return value;
  }
  std::string_view text() { return raw(varint()); }
  double value() {
    const std::uint64_t first = varint();
    if ((first & 1) != 0) {
      return std::bit_cast<double>(fixed());
    }
    const std::uint64_t folded = first >> 1;
    return static_cast<double>(static_cast<std::int64_t>((folded >> 1) ^ (0 - (folded & 1))));
  }
  std::string_view raw(std::uint64_t size) {
    if (size > bytes_.size()) {
      fail();
      return {};
    }
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }

 private:
  std::uint64_t fail() {
    ok_ = false;
    bytes_ = {};
    return 0;
  }

  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace tocsin::series
