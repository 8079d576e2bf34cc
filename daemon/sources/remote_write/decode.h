#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "sources/pushed.h"

/// Prometheus remote write, as a receiver sees it. Pure.
/// https://prometheus.io/docs/specs/prw/remote_write_spec/ and remote_write_spec_2_0/.
namespace tocsin::sources::remote_write {

enum class Version : std::uint8_t {
  kV1,  ///< prometheus.WriteRequest
  kV2,  ///< io.prometheus.write.v2.Request
};

/// What a decompressed request may have at most. A sender's default batch has some hundred KiB.
inline constexpr std::size_t kMaxDecodedBytes = 32U << 20;

/// Which message the headers announce. kInvalidInput for any other: the answer is 415. An empty
/// type or encoding counts as the usual one, as Prometheus has it.
base::Result<Version> negotiate(std::string_view content_type, std::string_view content_encoding);

/// Undoes snappy's block format. kCorrupt, or kLimitExceeded beyond `max_bytes`.
base::Result<std::string> decompress(std::string_view body, std::size_t max_bytes);

/// Reads a decompressed request. kInvalidInput when it is no such message, or its references point
/// nowhere. Series whose labels break the rules (no metric name, a name twice, no UTF-8) are
/// counted as invalid, and the rest is read.
base::Result<Pushed> decode(std::string_view message, Version version);

}  // namespace tocsin::sources::remote_write
