#include "series/chunk.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace tocsin::series {
namespace {

constexpr std::uint64_t low_mask(int count) {
  return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

// How a delta of deltas is written: as many ones as the row's index, a zero (but for the last
// row), then the number in so many bits. Polls jitter by some milliseconds: seven bits hold that.
constexpr int kTimeBits[] = {0, 7, 12, 20, 64};
constexpr int kTimeRows = 5;

// Leading zeros are kept in five bits; more than fit are written as significant bits.
constexpr int kMaxLeading = 31;

bool fits(std::int64_t value, int bits) {
  if (bits == 0) {
    return value == 0;
  }
  const std::int64_t limit = std::int64_t{1} << (bits - 1);
  return value >= -limit && value < limit;
}

/// Decodes one sample after the other; knows after each where it stands.
class Reader {
 public:
  explicit Reader(const Chunk& chunk) : bytes_(chunk.bytes.get()), size_(chunk.size) {
    state_.time = static_cast<std::uint64_t>(chunk.min_time_ms);
  }

  model::Sample next() {
    if (first_) {
      first_ = false;
      state_.bits = take(64);
    } else {
      take_time();
      take_value();
    }
    return {static_cast<std::int64_t>(state_.time), std::bit_cast<double>(state_.bits)};
  }

  const CodecState& state() const { return state_; }
  // What the writer left of the last byte.
  int free_bits() const { return static_cast<int>(size_ * 8 - position_); }

 private:
  // The next 64 bits. The padding makes loads of nine bytes safe anywhere.
  std::uint64_t peek() const {
    const std::uint8_t* from = bytes_ + position_ / 8;
    const int offset = static_cast<int>(position_ % 8);
    std::uint64_t word = 0;
    std::memcpy(&word, from, sizeof(word));
    if constexpr (std::endian::native == std::endian::little) {
      word = __builtin_bswap64(word);
    }
    return (word << offset) | (static_cast<std::uint64_t>(from[8]) >> (8 - offset));
  }
  void skip(int count) { position_ += static_cast<std::size_t>(count); }

  // At least one bit.
  std::uint64_t take(int count) {
    const std::uint64_t word = peek();
    skip(count);
    return word >> (64 - count);
  }

  void take_time() {
    const std::uint64_t word = peek();
    const int row = std::min(std::countl_one(word), kTimeRows - 1);
    const int prefix = row < kTimeRows - 1 ? row + 1 : row;
    const int bits = kTimeBits[row];
    skip(prefix);
    if (bits == 64) {
      state_.delta += take(64);
    } else {
      skip(bits);
      if (bits > 0) {
        // Arithmetic, so that the sign spreads.
        state_.delta +=
            static_cast<std::uint64_t>(static_cast<std::int64_t>(word << prefix) >> (64 - bits));
      }
    }
    state_.time += state_.delta;
  }

  void take_value() {
    const std::uint64_t word = peek();
    if (word >> 63 == 0) {
      skip(1);
      return;
    }
    if (word >> 62 == 2) {
      skip(2);
    } else {
      state_.leading = static_cast<int>((word >> 57) & low_mask(5));
      state_.significant = static_cast<int>((word >> 51) & low_mask(6)) + 1;
      skip(13);
    }
    const int trailing = 64 - state_.leading - state_.significant;
    state_.bits ^= take(state_.significant) << trailing;
  }

  const std::uint8_t* bytes_;
  std::size_t size_;
  std::size_t position_ = 0;  // in bits
  bool first_ = true;
  CodecState state_;
};

}  // namespace

void Chunk::read(std::int64_t from_ms, std::int64_t to_ms, std::vector<model::Sample>& out) const {
  if (to_ms < min_time_ms || from_ms > max_time_ms) {
    return;
  }
  to_ms = std::min(to_ms, max_time_ms);
  Reader reader(*this);
  for (std::uint32_t i = 0; i < count; ++i) {
    const model::Sample sample = reader.next();
    if (sample.time_ms > to_ms) {
      return;
    }
    if (sample.time_ms >= from_ms) {
      out.push_back(sample);
    }
  }
}

ChunkWriter::ChunkWriter(const Chunk& chunk)
    : bytes_(chunk.bytes.get(), chunk.bytes.get() + chunk.size),
      min_time_ms_(chunk.min_time_ms),
      count_(chunk.count) {
  Reader reader(chunk);
  for (std::uint32_t i = 0; i < count_; ++i) {
    reader.next();
  }
  state_ = reader.state();
  free_bits_ = reader.free_bits();
}

void ChunkWriter::append(model::Sample sample) {
  const auto time = static_cast<std::uint64_t>(sample.time_ms);
  const auto bits = std::bit_cast<std::uint64_t>(sample.value);
  if (count_ == 0) {
    min_time_ms_ = sample.time_ms;
    state_.time = time;
    state_.bits = bits;
    put_bits(bits, 64);
  } else {
    put_time(time);
    put_value(bits);
  }
  ++count_;
}

Chunk ChunkWriter::finish() const {
  auto bytes = std::make_shared<std::uint8_t[]>(bytes_.size() + kChunkPadding);
  std::ranges::copy(bytes_, bytes.get());
  return {.bytes = std::move(bytes),
          .min_time_ms = min_time_ms_,
          .max_time_ms = static_cast<std::int64_t>(state_.time),
          .size = static_cast<std::uint32_t>(bytes_.size()),
          .count = count_};
}

void ChunkWriter::put_bits(std::uint64_t value, int count) {
  while (count > 0) {
    if (free_bits_ == 0) {
      bytes_.push_back(0);
      free_bits_ = 8;
    }
    const int step = std::min(count, free_bits_);
    const std::uint64_t part = (value >> (count - step)) & low_mask(step);
    bytes_.back() = static_cast<std::uint8_t>(bytes_.back() | (part << (free_bits_ - step)));
    free_bits_ -= step;
    count -= step;
  }
}

void ChunkWriter::put_time(std::uint64_t time) {
  // Unsigned throughout: far apart times wrap around and come back the same way.
  const std::uint64_t delta = time - state_.time;
  const auto change = static_cast<std::int64_t>(delta - state_.delta);
  int row = 0;
  while (row < kTimeRows - 1 && !fits(change, kTimeBits[row])) {
    ++row;
  }
  put_bits(low_mask(row), row);
  if (row < kTimeRows - 1) {
    put_bits(0, 1);
  }
  put_bits(static_cast<std::uint64_t>(change), kTimeBits[row]);
  state_.delta = delta;
  state_.time = time;
}

void ChunkWriter::put_value(std::uint64_t bits) {
  const std::uint64_t difference = bits ^ state_.bits;
  state_.bits = bits;
  if (difference == 0) {
    put_bits(0, 1);
    return;
  }
  const int leading = std::min(std::countl_zero(difference), kMaxLeading);
  const int trailing = std::countr_zero(difference);
  const int window_end = 64 - state_.leading - state_.significant;
  put_bits(1, 1);
  if (state_.leading >= 0 && leading >= state_.leading && trailing >= window_end) {
    put_bits(0, 1);
  } else {
    state_.leading = leading;
    state_.significant = 64 - leading - trailing;
    put_bits(1, 1);
    put_bits(static_cast<std::uint64_t>(state_.leading), 5);
    put_bits(static_cast<std::uint64_t>(state_.significant - 1), 6);
  }
  put_bits(difference >> (64 - state_.leading - state_.significant), state_.significant);
}

}  // namespace tocsin::series
