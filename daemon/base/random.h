#pragma once

#include <cstdint>

namespace tocsin::base {

/// The only source of randomness: jitter and identifiers, never secrets. A test seeds it.
/// Not safe for use from several threads at once.
class Random {
 public:
  virtual ~Random() = default;

  /// The next 64 uniformly distributed bits.
  virtual std::uint64_t next() = 0;

  /// A number in [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

  /// A number in [0, bound); bound must be positive.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
};

/// A deterministic generator (SplitMix64, Steele et al. 2014) for tests and simulations, and for
/// sequences derived from one seed.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() override {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }

 private:
  std::uint64_t state_;
};

}  // namespace tocsin::base
