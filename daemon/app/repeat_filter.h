#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/duration.h"

namespace tocsin::app {

/// Decides which lines go to the log when the same thing is said again and again: each text once
/// in `quiet`, and at most `burst` texts a minute. Main loop only.
class RepeatFilter {
 public:
  struct Options {
    base::Duration quiet = std::chrono::minutes(10);
    std::size_t burst = 20;
    std::size_t max_texts = 1000;  ///< that are remembered
  };

  RepeatFilter() = default;
  explicit RepeatFilter(Options options) : options_(options) {}

  /// Nothing when the line is to be left out; else how many were since the last one that was not.
  std::optional<std::uint64_t> admit(const std::string& text, base::MonotonicTime now);

 private:
  Options options_;
  std::map<std::string, base::MonotonicTime> said_;
  std::optional<base::MonotonicTime> minute_;
  std::size_t in_minute_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace tocsin::app
