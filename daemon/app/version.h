#pragma once

#include <string_view>

namespace tocsin::app {

/// The release, from the build's project version.
inline constexpr std::string_view kVersion = TOCSIN_VERSION;

#if defined(__clang__)
inline constexpr std::string_view kCompiler = "clang " __clang_version__;
#else
inline constexpr std::string_view kCompiler = "g++ " __VERSION__;
#endif

}  // namespace tocsin::app
