#pragma once

// gcc has no such question, and the presets with sanitizers use clang.
#if defined(__has_feature)
#define TOCSIN_HAS_FEATURE(name) __has_feature(name)
#else
#define TOCSIN_HAS_FEATURE(name) 0
#endif

namespace tocsin::testing {

/// Freed memory is kept, to see who uses it afterwards.
inline constexpr bool kFreedMemoryIsKept =
    TOCSIN_HAS_FEATURE(address_sanitizer) || TOCSIN_HAS_FEATURE(thread_sanitizer);

/// Whether an object may be read is asked through a pipe; without descriptors a sound one is
/// reported.
inline constexpr bool kReadsAreCheckedByPipes = TOCSIN_HAS_FEATURE(undefined_behavior_sanitizer);

}  // namespace tocsin::testing

#undef TOCSIN_HAS_FEATURE
