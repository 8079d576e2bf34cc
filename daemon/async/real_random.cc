#include "async/real_random.h"

#include <sys/random.h>

#include "base/check.h"

namespace tocsin::async {

std::uint64_t RealRandom::next() {
  if (used_ == block_.size()) {
    // Up to 256 bytes come whole, and are not interrupted, once the kernel's pool is ready.
    const ssize_t got = getrandom(block_.data(), sizeof block_, 0);
    TOCSIN_CHECK(got == static_cast<ssize_t>(sizeof block_), "getrandom gives whole small blocks");
    used_ = 0;
  }
  return block_[used_++];
}

}  // namespace tocsin::async
