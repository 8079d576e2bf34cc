#pragma once

#include <cstdint>
#include <string_view>

namespace tocsin::base {

/// XXH64 of some bytes with seed 0: what Prometheus takes of label sets. Specification:
/// https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
std::uint64_t xxhash64(std::string_view bytes);

}  // namespace tocsin::base
