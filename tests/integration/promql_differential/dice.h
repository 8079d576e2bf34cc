#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"

namespace tocsin::differential {

/// Choices from a seed: the same seed gives the same choices everywhere.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}

  /// 0 … bound - 1.
  std::size_t below(std::size_t bound) { return random_.below(bound); }
  /// From `low` to `high`, both possible.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low +
           static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(high - low) + 1));
  }
  double uniform(double low, double high) { return low + (high - low) * random_.uniform(); }
  bool chance(double share) { return random_.uniform() < share; }

  template <class T>
  const T& one_of(const std::vector<T>& all) {
    return all[below(all.size())];
  }
  std::string one_of(std::initializer_list<const char*> all) {
    return *(all.begin() + below(all.size()));
  }
  /// Some of them, in their order; maybe none, maybe all.
  std::vector<std::string> some_of(const std::vector<std::string>& all, double share) {
    std::vector<std::string> some;
    for (const std::string& one : all) {
      if (chance(share)) {
        some.push_back(one);
      }
    }
    return some;
  }

 private:
  base::SeededRandom random_;
};

}  // namespace tocsin::differential
