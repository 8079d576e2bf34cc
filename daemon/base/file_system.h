#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin::base {

/// The only way to files. Paths are absolute or relative to the working directory; the real one
/// lives in async. Implementations are safe to call from any thread; calls may block.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  /// The whole content. kNotFound, kDenied, or kLimitExceeded when larger than max_bytes.
  /// Works on /proc and /sys, whose files report no size.
  virtual Result<std::string> read_file(const std::string& path, std::size_t max_bytes) const = 0;

  /// The names of the entries of a folder, sorted, without "." and "..".
  virtual Result<std::vector<std::string>> list_folder(const std::string& path) const = 0;

  /// The target of a symbolic link.
  virtual Result<std::string> read_link(const std::string& path) const = 0;

  /// Whether something is at that path.
  virtual bool exists(const std::string& path) const = 0;

  /// Whether that path is a file that this process may run.
  virtual bool is_program(const std::string& path) const { return exists(path); }

  /// The paths that match a shell pattern (`*`, `?`, `[…]` in any part of the path), sorted.
  /// A pattern without wildcards yields itself when it exists.
  virtual Result<std::vector<std::string>> glob(const std::string& pattern) const = 0;
};

/// The environment of the process, read in one place.
class Environment {
 public:
  virtual ~Environment() = default;
  /// The variable's value, or nothing when it is not set.
  virtual std::optional<std::string> get(const std::string& name) const = 0;
};

/// Default for read_file: no configuration file is larger.
inline constexpr std::size_t kMaxConfigFileBytes = 16U << 20;

/// The folder part of a path: "a/b.yml" gives "a", "b.yml" gives ".".
std::string parent_folder(std::string_view path);

/// `path` itself when absolute, else below `folder`.
std::string resolve_path(std::string_view folder, std::string_view path);

}  // namespace tocsin::base
