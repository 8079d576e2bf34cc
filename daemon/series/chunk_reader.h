#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "model/sample.h"
#include "series/chunk.h"

/// The reading half of the codec; see chunk.h.
namespace tocsin::series {

/// How a delta of deltas is written: as many ones as the row's index, a zero (but for the last
/// row), then the number in so many bits. Polls jitter by some milliseconds: seven bits hold that.
inline constexpr int kTimeBits[] = {0, 7, 12, 20, 64};
inline constexpr int kTimeRows = 5;

/// The bits of a chunk. The padding makes loads of nine bytes safe anywhere.
struct BitSource {
  const std::uint8_t* bytes;

  std::uint64_t load(std::size_t byte) const {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + byte, sizeof(word));
    if constexpr (std::endian::native == std::endian::little) {
      word = __builtin_bswap64(word);
    }
    return word;
  }
  /// The 57 bits from a position on at least, in front.
  std::uint64_t peek(std::size_t position) const { return load(position / 8) << (position % 8); }
  /// The 64 bits from a position on.
  std::uint64_t peek_all(std::size_t position) const {
    const std::uint64_t behind = bytes[position / 8 + 8];
    return peek(position) | (behind >> (8 - position % 8));
  }
};

struct TimeChange {
  std::uint64_t change;  // of the delta
  std::size_t end;       // the position behind it
};

// What a time takes that differs by much. Out of the way, so that all else stays in registers.
[[gnu::noinline]] inline TimeChange large_change(BitSource bits, std::size_t position) {
  const std::uint64_t word = bits.peek(position);
  const int row = std::min(std::countl_one(word), kTimeRows - 1);
  const int prefix = row < kTimeRows - 1 ? row + 1 : row;
  const int size = kTimeBits[row];
  const std::size_t begin = position + static_cast<std::size_t>(prefix);
  // Arithmetic, so that the sign spreads.
  const std::uint64_t change =
      size == 64
          ? bits.peek_all(begin)
          : static_cast<std::uint64_t>(static_cast<std::int64_t>(word << prefix) >> (64 - size));
  return {change, begin + static_cast<std::size_t>(size)};
}

/// Decodes one sample after the other. Where the next one begins is known only when its predecessor
/// has been looked at, so little is done between the two: one load, and no branch on what the value
/// looks like, which nobody can predict.
class ChunkReader {
 public:
  ChunkReader(const std::uint8_t* bytes, std::int64_t min_time_ms)
      : from_{bytes}, time_(static_cast<std::uint64_t>(min_time_ms)), bits_(from_.load(0)) {}

  /// Appends those of the first `count` samples that lie within the range.
  void read(std::uint32_t count, std::int64_t from_ms, std::int64_t to_ms,
            std::vector<model::Sample>& out) {
    const std::size_t begin = out.size();
    out.resize(begin + count);
    model::Sample* place = out.data() + begin;
    for (std::uint32_t left = count; left > 0; --left) {
      const auto time_ms = static_cast<std::int64_t>(time_);
      if (time_ms > to_ms) {
        break;
      }
      *place = {time_ms, std::bit_cast<double>(bits_)};
      place += time_ms >= from_ms ? 1 : 0;
      if (left > 1) {
        next();
      }
    }
    out.resize(static_cast<std::size_t>(place - out.data()));
  }

 private:
  void next() {
    std::uint64_t word = from_.peek(position_);
    if (word >> 63 == 0) {
      word <<= 1;
      position_ += 1;
    } else if (word >> 62 == 2) {
      delta_ += static_cast<std::uint64_t>(static_cast<std::int64_t>(word << 2) >> (64 - 7));
      word <<= 2 + 7;
      position_ += 2 + 7;
    } else {
      const TimeChange time = large_change(from_, position_);
      delta_ += time.change;
      position_ = time.end;
      word = from_.peek(position_);
    }
    time_ += delta_;
    // 0: the same value. 10: in the window of the one before. 11: a window of its own, 5 bits for
    // its leading zeros and 6 for its length less one.
    const bool changed = word >> 63 != 0;
    const bool own_window = word >> 62 == 3;
    const std::uint64_t length = (word >> 51) & 0x3f;
    const std::uint64_t leading = (word >> 57) & 0x1f;
    const std::uint64_t known = changed ? 2 + significant_ : 1;
    position_ += own_window ? 2 + 5 + 6 + length + 1 : known;
    significant_ = own_window ? length + 1 : significant_;
    trailing_ = own_window ? 63 - leading - length : trailing_;
    const std::uint64_t value = from_.peek_all(position_ - significant_);
    bits_ ^= changed ? (value >> ((64 - significant_) & 63)) << (trailing_ & 63) : 0;
  }

  BitSource from_;
  std::size_t position_ = 64;
  std::uint64_t time_;
  std::uint64_t delta_ = 0;
  std::uint64_t bits_;             // of the value
  std::uint64_t significant_ = 0;  // bits that a changed value has written
  std::uint64_t trailing_ = 0;     // and how many zeros stand behind them
};

}  // namespace tocsin::series
