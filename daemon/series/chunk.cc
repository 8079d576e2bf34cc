#include "series/chunk.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>

#include "base/check.h"
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

/// Words are kept as a sealed chunk's bytes have them: the first bit is the highest of a byte.
constexpr std::uint64_t to_stored(std::uint64_t word) {
  return std::endian::native == std::endian::little ? __builtin_bswap64(word) : word;
}

template <class Bits>
void put_time(Bits& out, CodecState& state, std::uint64_t time) {
  // Unsigned throughout: far apart times wrap around and come back the same way.
  const std::uint64_t delta = time - state.time;
  const auto change = static_cast<std::int64_t>(delta - state.delta);
  int row = 0;
  while (row < kTimeRows - 1 && !fits(change, kTimeBits[row])) {
    ++row;
  }
  out.put_bits(low_mask(row), row);
  if (row < kTimeRows - 1) {
    out.put_bits(0, 1);
  }
  out.put_bits(static_cast<std::uint64_t>(change), kTimeBits[row]);
  state.delta = delta;
  state.time = time;
}

template <class Bits>
void put_value(Bits& out, CodecState& state, std::uint64_t bits) {
  const std::uint64_t difference = bits ^ state.bits;
  state.bits = bits;
  if (difference == 0) {
    out.put_bits(0, 1);
    return;
  }
  const int leading = std::min(std::countl_zero(difference), kMaxLeading);
  const int trailing = std::countr_zero(difference);
  const int window_end = 64 - state.leading - state.significant;
  out.put_bits(1, 1);
  if (state.leading >= 0 && leading >= state.leading && trailing >= window_end) {
    out.put_bits(0, 1);
  } else {
    state.leading = leading;
    state.significant = 64 - leading - trailing;
    out.put_bits(1, 1);
    out.put_bits(static_cast<std::uint64_t>(state.leading), 5);
    out.put_bits(static_cast<std::uint64_t>(state.significant - 1), 6);
  }
  out.put_bits(difference >> (64 - state.leading - state.significant), state.significant);
}

}  // namespace

void Chunk::read(std::int64_t from_ms, std::int64_t to_ms, std::vector<model::Sample>& out) const {
  if (count == 0 || to_ms < min_time_ms || from_ms > max_time_ms) {
    return;
  }
  ChunkReader(bytes.get(), min_time_ms).read(count, from_ms, std::min(to_ms, max_time_ms), out);
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
    put_time(*this, state_, time);
    put_value(*this, state_, bits);
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

void GrowingWords::release() {
  if (body_ != nullptr && body_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    std::free(body_);
  }
  body_ = nullptr;
}

void GrowingWords::grow(std::uint32_t size) {
  // Small steps: most of a chunk's life is spent between two of them.
  const std::uint32_t capacity = size + 3 + size / 8;
  const std::size_t bytes = sizeof(Body) + capacity * sizeof(std::uint64_t);
  if (body_ != nullptr && body_->references.load(std::memory_order_acquire) == 1) {
    // Nobody else can come to hold it meanwhile: that takes the store's lock.
    body_ = static_cast<Body*>(std::realloc(static_cast<void*>(body_), bytes));
    TOCSIN_CHECK(body_ != nullptr, "out of memory");
    body_->capacity = capacity;
    return;
  }
  auto* memory = std::malloc(bytes);
  TOCSIN_CHECK(memory != nullptr, "out of memory");
  auto* fresh = new (memory) Body{.references = 1, .capacity = capacity};
  if (body_ != nullptr) {
    std::memcpy(reinterpret_cast<std::uint64_t*>(fresh + 1), data(), size * sizeof(std::uint64_t));
  }
  release();
  body_ = fresh;
}

void GrowingWords::push(std::uint32_t size, std::uint64_t word) {
  if (body_ == nullptr || size >= body_->capacity) {
    grow(size);
  }
  reinterpret_cast<std::uint64_t*>(body_ + 1)[size] = word;
}

void OpenView::read(std::int64_t from_ms, std::int64_t to_ms,
                    std::vector<model::Sample>& out) const {
  if (count == 0 || to_ms < min_time_ms || from_ms > max_time_ms) {
    return;
  }
  // Side by side with the bits behind them, as a sealed chunk has them.
  std::uint64_t whole[OpenChunk::kMaxWords + 3 + 2];
  if (size > 0) {
    std::memcpy(whole, words.data(), size * sizeof(std::uint64_t));
  }
  whole[size] = to_stored(tail);
  whole[size + 1] = 0;
  whole[size + 2] = 0;
  ChunkReader reader(reinterpret_cast<const std::uint8_t*>(whole), min_time_ms);
  reader.read(count, from_ms, to_ms, out);
}

void OpenChunk::append(model::Sample sample) {
  const auto time = static_cast<std::uint64_t>(sample.time_ms);
  const auto bits = std::bit_cast<std::uint64_t>(sample.value);
  if (count_ == 0) {
    min_time_ms_ = sample.time_ms;
    put_bits(bits, 64);
    time_ = time;
    bits_ = bits;
  } else {
    CodecState state{.time = time_,
                     .delta = delta_,
                     .bits = bits_,
                     .leading = leading_,
                     .significant = significant_};
    put_time(*this, state, time);
    put_value(*this, state, bits);
    time_ = state.time;
    delta_ = state.delta;
    bits_ = state.bits;
    leading_ = static_cast<std::int8_t>(state.leading);
    significant_ = static_cast<std::uint8_t>(state.significant);
  }
  ++count_;
}

void OpenChunk::put_bits(std::uint64_t value, int count) {
  if (count == 0) {
    return;
  }
  value &= low_mask(count);
  const int room = 64 - tail_bits_;
  if (count < room) {
    tail_ |= value << (room - count);
    tail_bits_ = static_cast<std::uint8_t>(tail_bits_ + count);
    return;
  }
  const int rest = count - room;
  words_.push(words_used_++, to_stored(tail_ | (value >> rest)));
  tail_ = rest > 0 ? value << (64 - rest) : 0;
  tail_bits_ = static_cast<std::uint8_t>(rest);
}

OpenView OpenChunk::view() const {
  return {.words = words_,
          .tail = tail_,
          .min_time_ms = min_time_ms_,
          .max_time_ms = max_time_ms(),
          .size = words_used_,
          .count = count_};
}

Chunk OpenChunk::seal() const {
  const std::size_t whole = words_used_ * sizeof(std::uint64_t);
  const std::size_t size = whole + (tail_bits_ + 7U) / 8;
  auto bytes = std::make_shared<std::uint8_t[]>(size + kChunkPadding);
  if (whole > 0) {
    std::memcpy(bytes.get(), words_.data(), whole);
  }
  const std::uint64_t tail = to_stored(tail_);
  std::memcpy(bytes.get() + whole, &tail, size - whole);
  return {.bytes = std::move(bytes),
          .min_time_ms = min_time_ms_,
          .max_time_ms = max_time_ms(),
          .size = static_cast<std::uint32_t>(size),
          .count = count_};
}

}  // namespace tocsin::series
