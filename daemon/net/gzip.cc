#include "net/gzip.h"

#include <zlib.h>

#include <array>

#include "base/check.h"
#include "net/growth.h"

namespace tocsin::net {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t kPiece = 32 * 1024;
// zlib: 15 bits of window, plus 32 to detect gzip or zlib by the header, plus 16 to write gzip.
constexpr int kDetect = 15 + 32;
constexpr int kWriteGzip = 15 + 16;

}  // namespace

struct Inflater::State {
  State() { TOCSIN_CHECK(inflateInit2(&stream, kDetect) == Z_OK, "zlib starts"); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { inflateEnd(&stream); }

  z_stream stream{};
  bool at_end = false;   ///< the last member is complete
  bool started = false;  ///< any input was seen
};

Inflater::Inflater() : state_(std::make_unique<State>()) {}
Inflater::~Inflater() = default;
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;

bool Inflater::finished() const { return state_->at_end || !state_->started; }

base::Status Inflater::feed(std::string_view input, std::string& out, std::size_t max_bytes) {
  z_stream& stream = state_->stream;
  std::array<char, kPiece> piece;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
  stream.avail_in = static_cast<uInt>(input.size());
  bool more = !input.empty();
  while (more) {
    if (state_->at_end) {
      inflateReset(&stream);
      state_->at_end = false;
    }
    state_->started = true;
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const int outcome = inflate(&stream, Z_NO_FLUSH);
    if (outcome != Z_OK && outcome != Z_STREAM_END && outcome != Z_BUF_ERROR) {
      return Error(ErrorCode::kCorrupt, "the compressed body is damaged");
    }
    const std::size_t got = piece.size() - stream.avail_out;
    if (max_bytes != 0 && out.size() + got > max_bytes) {
      return Error(ErrorCode::kLimitExceeded,
                   "the body is larger than " + std::to_string(max_bytes) + " bytes");
    }
    make_room(out, got, max_bytes);
    out.append(piece.data(), got);
    state_->at_end = outcome == Z_STREAM_END;
    // A full piece may have left output inside zlib even when all input is taken.
    more = stream.avail_in > 0 || (stream.avail_out == 0 && !state_->at_end);
  }
  return {};
}

std::string gzip(std::string_view text) {
  z_stream stream{};
  TOCSIN_CHECK(
      deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kWriteGzip, 8, Z_DEFAULT_STRATEGY) == Z_OK,
      "zlib starts");
  std::string out;
  out.resize(deflateBound(&stream, text.size()));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int outcome = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  TOCSIN_CHECK(outcome == Z_STREAM_END, "deflateBound() is enough for one call");
  return out;
}

}  // namespace tocsin::net
