#pragma once

#include <chrono>
#include <concepts>
#include <thread>

namespace tocsin::testing {

/// Asks until the answer is yes or the time is over; returns the last answer. For conditions in
/// other processes, which nobody announces.
template <std::predicate Predicate>
bool eventually(std::chrono::milliseconds limit, Predicate predicate) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!predicate()) {
    if (std::chrono::steady_clock::now() >= end) {
      return predicate();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

}  // namespace tocsin::testing
