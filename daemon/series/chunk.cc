#include "series/chunk.h"

#include <algorithm>
#include <bit>

#include "series/chunk_reader.h"

namespace tocsin::series {
namespace {

constexpr std::uint64_t low_mask(int count) {
  return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

// Leading zeros are kept in five bits; more than fit are written as significant bits.
constexpr int kMaxLeading = 31;

bool fits(std::int64_t value, int bits) {
  if (bits == 0) {
    return value == 0;
  }
  const std::int64_t limit = std::int64_t{1} << (bits - 1);
  return value >= -limit && value < limit;
}

}  // namespace

void Chunk::read(std::int64_t from_ms, std::int64_t to_ms, std::vector<model::Sample>& out) const {
  if (count == 0 || to_ms < min_time_ms || from_ms > max_time_ms) {
    return;
  }
  ChunkReader(bytes.get(), min_time_ms).read(count, from_ms, to_ms, out);
}

ChunkWriter::ChunkWriter(const Chunk& chunk)
    : bytes_(chunk.bytes.get(), chunk.bytes.get() + chunk.size),
      min_time_ms_(chunk.min_time_ms),
      count_(chunk.count) {
  ChunkReader reader(chunk.bytes.get(), chunk.min_time_ms);
  reader.pass(count_);
  state_ = reader.state();
  // What was left of the last byte.
  free_bits_ = static_cast<int>(bytes_.size() * 8 - reader.position());
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
