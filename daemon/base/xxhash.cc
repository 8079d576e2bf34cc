#include "base/xxhash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tocsin::base {

std::uint64_t xxhash64(std::string_view bytes) { return XXH64(bytes.data(), bytes.size(), 0); }

}  // namespace tocsin::base
