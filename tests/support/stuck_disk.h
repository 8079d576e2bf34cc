#pragma once

#include <string>

namespace tocsin::testing {

/// A disk that takes no write and says nothing, as a lost network volume does: every write that
/// names its place, and every sync, waits while stuck. Reads go on, as from the cache.
/// Works where stuck_disk.cc is linked into the program, or preloaded into another one: the calls
/// of SQLite are the ones that it holds up.
class StuckDisk {
 public:
  /// `folder` is the test's own; the switch is a file in it.
  explicit StuckDisk(const std::string& folder);
  ~StuckDisk();
  StuckDisk(const StuckDisk&) = delete;
  StuckDisk& operator=(const StuckDisk&) = delete;

  void stick() const;
  void release() const;
  /// The variable that tells a program where its switch is, and its value.
  static constexpr const char* kVariable = "TOCSIN_STUCK_DISK";
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace tocsin::testing
