#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/result.h"
#include "sources/system/output.h"

namespace re2 {
class RE2;
}

namespace tocsin::sources::system {

/// Where the kernel's files are mounted; other than the defaults in a container that looks at its
/// host, as node_exporter's --path.* options.
struct Roots {
  std::string procfs = "/proc";
  std::string sysfs = "/sys";
  std::string rootfs = "/";
};

/// The files of the watched host. Borrows the file system.
class Host {
 public:
  Host(const base::FileSystem& files, Roots roots) : files_(files), roots_(std::move(roots)) {}

  /// The content of a file below /proc, such as "net/dev".
  base::Result<std::string> read_proc(std::string_view path) const;
  /// The content of a file below /sys.
  base::Result<std::string> read_sys(std::string_view path) const;
  /// The entries of a folder below /sys, sorted.
  base::Result<std::vector<std::string>> list_sys(std::string_view path) const;
  const Roots& roots() const { return roots_; }

 private:
  const base::FileSystem& files_;
  Roots roots_;
};

/// Reads one subject of the host. Collectors keep no references to what they emitted; a collector
/// that fails leaves the others alone.
class Collector {
 public:
  virtual ~Collector() = default;
  /// The name that node_exporter gives to it.
  virtual std::string_view name() const = 0;
  /// kNotFound: this kernel has no such thing. Other errors: the file could not be read or has no
  /// known form; samples that were added until then stay.
  virtual base::Status collect(const Host& host, Output& out) = 0;
};

/// Which devices count; RE2 expressions, unanchored as node_exporter uses them. Defaults are those
/// of Debian 12's node_exporter 1.5.
struct CollectorOptions {
  std::string disk_exclude = R"(^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$)";
  std::string network_exclude = "^lo$";
};

/// The collectors that read files only; the file systems have their own (filesystem.h).
std::vector<std::unique_ptr<Collector>> file_collectors(const CollectorOptions& options);

/// A number as these files have it: decimal, or hexadecimal after "0x". Nothing when the text is
/// not entirely a number.
std::optional<double> parse_figure(std::string_view text);

/// The parts of a line between runs of blanks and tabs.
std::vector<std::string_view> fields_of(std::string_view line);

/// Calls `visit(line)` for each line, the last one without line feed included.
template <class Visit>
void for_each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    visit(text.substr(0, end));
    if (end == std::string_view::npos) {
      return;
    }
    text.remove_prefix(end + 1);
  }
}

}  // namespace tocsin::sources::system
