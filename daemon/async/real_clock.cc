#include "async/real_clock.h"

namespace tocsin::async {

base::WallTime RealClock::wall_now() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

base::MonotonicTime RealClock::monotonic_now() const {
  return base::MonotonicTime{std::chrono::steady_clock::now().time_since_epoch()};
}

}  // namespace tocsin::async
