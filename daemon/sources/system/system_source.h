#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "base/file_system.h"
#include "sources/source.h"
#include "sources/system/collector.h"
#include "sources/system/filesystem.h"
#include "sources/system/output.h"

namespace tocsin::sources::system {

/// The section `- system: {interval: 5s}`: all keys are optional.
struct SystemConfig {
  base::Duration interval = std::chrono::seconds(5);
  base::Duration timeout{0};  ///< 0: the interval, at most 10 s
  bool sharpen = false;       ///< polled faster while an alert is close; see Sharpening
  std::string job = "node";   ///< as node_exporter's series are commonly called
  std::string instance;       ///< empty: the host's name
  std::vector<std::pair<std::string, std::string>> labels;
  Roots roots;                     ///< keys procfs, sysfs, rootfs
  std::set<std::string> disabled;  ///< key disabled_collectors
  CollectorOptions collectors;     ///< keys disk_exclude, network_exclude
  FilesystemOptions filesystem;    ///< keys mount_points_exclude, fs_types_exclude
};

/// The names that disabled_collectors may hold.
std::vector<std::string> collector_names();

/// Polls the host under node_exporter's metric names. Each collector works alone: one that fails
/// says so in node_scrape_collector_success; without `stat` and `meminfo`, which every kernel has,
/// the poll fails. Files of /proc and /sys are read on the main loop, because the kernel makes them
/// up without waiting; statfs has a thread.
class SystemSource final : public Source {
 public:
  struct Dependencies {
    const base::FileSystem& files;
    const base::Clock& clock;
    std::shared_ptr<MountProbe> mounts;
  };
  SystemSource(const SystemConfig& config, Dependencies dependencies);

  async::Task<Batch> poll(PollContext context) override;

 private:
  void report(std::string_view collector, bool success, base::MonotonicTime began);

  Dependencies dependencies_;
  Host host_;
  Output output_;
  std::vector<std::unique_ptr<Collector>> collectors_;
  std::unique_ptr<FilesystemCollector> filesystem_;  // null when disabled
  bool time_ = true;
};

/// The target that polls this host; `instance` falls back to /proc/sys/kernel/hostname.
Target make_system_target(const SystemConfig& config, SystemSource::Dependencies dependencies);

}  // namespace tocsin::sources::system
