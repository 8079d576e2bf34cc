#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/blocking_thread.h"
#include "async/task.h"
#include "async/timers.h"
#include "base/clock.h"
#include "base/result.h"
#include "sources/system/collector.h"
#include "sources/system/output.h"

namespace re2 {
class RE2;
}

namespace tocsin::sources::system {

/// One line of /proc/<pid>/mounts.
struct Mount {
  std::string device;
  std::string mount_point;  ///< with the root prefix removed
  std::string type;
  bool read_only = false;
};

/// Reads /proc/<pid>/mounts: escapes (\040 for a blank …) undone. Lines that are no mounts are an
/// error. `rootfs` is stripped from the mount points, as node_exporter's --path.rootfs does.
base::Result<std::vector<Mount>> parse_mounts(std::string_view text, std::string_view rootfs);

/// Bytes and inodes of one file system.
struct MountFigures {
  double size_bytes = 0;
  double free_bytes = 0;
  double avail_bytes = 0;  ///< to users other than root
  double files = 0;
  double files_free = 0;
};

/// Asks the kernel about one mount. Main loop only.
class MountProbe {
 public:
  virtual ~MountProbe() = default;
  /// kTimeout when the mount does not answer: a dead NFS server, a FUSE process that hangs.
  virtual async::Task<base::Result<MountFigures>> look(std::string path,
                                                       base::MonotonicTime deadline) = 0;
};

/// The real one: statfs(2) on a thread of its own. A call that hangs keeps its thread; that mount
/// counts as dead until the call returns, and the others go on with a new thread.
class StatfsProbe final : public MountProbe {
 public:
  /// Borrows the timers.
  StatfsProbe(boost::asio::any_io_executor executor, async::Timers& timers);

  async::Task<base::Result<MountFigures>> look(std::string path,
                                               base::MonotonicTime deadline) override;

 private:
  std::unique_ptr<async::BlockingThread> make_thread() const;

  boost::asio::any_io_executor executor_;
  async::Timers& timers_;
  std::unique_ptr<async::BlockingThread> thread_;
  std::map<std::string, std::unique_ptr<async::BlockingThread>> hanging_;  // by path
};

/// Which mounts count; RE2 expressions, unanchored as node_exporter uses them. Defaults are those
/// of Debian 12's node_exporter 1.5.
struct FilesystemOptions {
  std::string mount_points_exclude =
      "^/(dev|proc|run|sys|mnt|media|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)";
  std::string types_exclude =
      "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|"
      "iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|"
      "sysfs|tracefs)$";
};

/// node_filesystem_*. Read-only comes from the mount options that process 1 sees, because a
/// hardened unit sees its own mounts read-only.
class FilesystemCollector {
 public:
  struct Collaborators {
    std::shared_ptr<MountProbe> probe;
    const base::Clock& clock;
    const Host& host;
    Output& out;
  };
  FilesystemCollector(const FilesystemOptions& options, Collaborators collaborators);
  ~FilesystemCollector();

  /// Waits for each mount only a little, and never beyond the deadline.
  async::Task<base::Status> collect(base::MonotonicTime deadline);

 private:
  base::Result<std::vector<Mount>> wanted() const;
  void emit(const Mount& mount, const base::Result<MountFigures>& figures) const;

  std::unique_ptr<re2::RE2> mount_points_exclude_;
  std::unique_ptr<re2::RE2> types_exclude_;
  Collaborators with_;
};

}  // namespace tocsin::sources::system
