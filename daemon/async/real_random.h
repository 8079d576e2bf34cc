#pragma once

#include <array>
#include <cstddef>

#include "base/random.h"

namespace tocsin::async {

/// The kernel's random numbers (getrandom), fetched in blocks.
class RealRandom final : public base::Random {
 public:
  std::uint64_t next() override;

 private:
  std::array<std::uint64_t, 32> block_{};
  std::size_t used_ = block_.size();
};

}  // namespace tocsin::async
