#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin::net {

/// Decompresses gzip (also several members in a row) and zlib streams piece by piece. Output stops
/// at the limit, however small the input was.
class Inflater {
 public:
  Inflater();
  ~Inflater();
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;

  /// Appends what `input` holds to `out`. kLimitExceeded when `out` would grow beyond max_bytes
  /// (0: no limit), kCorrupt when it is not a gzip stream.
  base::Status feed(std::string_view input, std::string& out, std::size_t max_bytes);
  /// Whether the stream is complete.
  bool finished() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// One gzip member; fast rather than small.
std::string gzip(std::string_view text);

}  // namespace tocsin::net
