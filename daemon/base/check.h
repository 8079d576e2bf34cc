#pragma once

#include <string_view>

namespace tocsin::base {

/// Prints the broken invariant to standard error and aborts.
[[noreturn]] void check_failed(const char* condition, std::string_view why, const char* file,
                               int line);

}  // namespace tocsin::base

/// Aborts, in release builds too, when an invariant of this program is broken. Input from
/// outside must never reach it: that is what base::Result is for.
#define TOCSIN_CHECK(condition, why)                                       \
  do {                                                                     \
    if (!(condition)) [[unlikely]] {                                       \
      ::tocsin::base::check_failed(#condition, (why), __FILE__, __LINE__); \
    }                                                                      \
  } while (false)
