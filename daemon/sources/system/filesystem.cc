#include "sources/system/filesystem.h"

#include <re2/re2.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/text.h"
#include "sources/system/collectors.h"

namespace tocsin::sources::system {

namespace {

// A local file system answers in microseconds; a network one that needs longer is ill.
constexpr base::Duration kPatience = std::chrono::milliseconds(500);

/// The kernel writes blanks, tabs, line feeds and backslashes as three octal digits.
std::string unescape(std::string_view text) {
  const auto octal = [&text](std::size_t at) {
    return at < text.size() && text[at] >= '0' && text[at] <= '7';
  };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && octal(i + 1) && octal(i + 2) && octal(i + 3)) {
      const int code = (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0');
      plain += static_cast<char>(code);
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::string without_root(std::string path, std::string_view rootfs) {
  if (rootfs == "/" || !path.starts_with(rootfs)) {
    return path;
  }
  const std::string rest = path.substr(rootfs.size());
  if (rest.empty()) {
    return "/";
  }
  return rest.starts_with('/') ? rest : path;
}

std::string below_root(const std::string& path, const std::string& rootfs) {
  return rootfs == "/" ? path : rootfs + path;
}

}  // namespace

base::Result<std::vector<Mount>> parse_mounts(std::string_view text, std::string_view rootfs) {
  while (rootfs.size() > 1 && rootfs.ends_with('/')) {
    rootfs.remove_suffix(1);
  }
  std::vector<Mount> mounts;
  bool readable = true;
  for_each_line(text, [&](std::string_view line) {
    const auto fields = fields_of(line);
    if (fields.empty()) {
      return;
    }
    if (fields.size() < 4) {
      readable = false;
      return;
    }
    const auto options = base::split(fields[3], ',');
    mounts.push_back({.device = unescape(fields[0]),
                      .mount_point = without_root(unescape(fields[1]), rootfs),
                      .type = std::string(fields[2]),
                      .read_only = std::ranges::find(options, "ro") != options.end()});
  });
  if (!readable) {
    return malformed("mounts", "device, mount point, type and options");
  }
  return mounts;
}

FilesystemCollector::FilesystemCollector(const FilesystemOptions& options,
                                         Collaborators collaborators)
    : mount_points_exclude_(std::make_unique<RE2>(options.mount_points_exclude)),
      types_exclude_(std::make_unique<RE2>(options.types_exclude)),
      with_(std::move(collaborators)) {}

FilesystemCollector::~FilesystemCollector() = default;

base::Result<std::vector<Mount>> FilesystemCollector::wanted() const {
  // Other users may not look at process 1 where /proc is mounted with hidepid.
  auto text = with_.host.read_proc("1/mounts");
  if (!text) {
    text = with_.host.read_proc("self/mounts");
  }
  if (!text) {
    return text.error();
  }
  auto mounts = parse_mounts(*text, with_.host.roots().rootfs);
  if (!mounts) {
    return mounts;
  }
  std::set<std::tuple<std::string, std::string, std::string>> seen;
  std::erase_if(*mounts, [&](const Mount& mount) {
    return RE2::PartialMatch(mount.mount_point, *mount_points_exclude_) ||
           RE2::PartialMatch(mount.type, *types_exclude_) ||
           !seen.emplace(mount.device, mount.mount_point, mount.type).second;
  });
  return mounts;
}

void FilesystemCollector::emit(const Mount& mount,
                               const base::Result<MountFigures>& figures) const {
  const auto add = [&](std::string_view name, double value) {
    with_.out.add(
        name, {{"device", mount.device}, {"fstype", mount.type}, {"mountpoint", mount.mount_point}},
        value);
  };
  add("node_filesystem_device_error", figures ? 0 : 1);
  if (!figures) {
    return;
  }
  add("node_filesystem_size_bytes", figures->size_bytes);
  add("node_filesystem_free_bytes", figures->free_bytes);
  add("node_filesystem_avail_bytes", figures->avail_bytes);
  add("node_filesystem_files", figures->files);
  add("node_filesystem_files_free", figures->files_free);
  add("node_filesystem_readonly", mount.read_only ? 1 : 0);
}

async::Task<base::Status> FilesystemCollector::collect(base::MonotonicTime deadline) {
  const auto mounts = wanted();
  if (!mounts) {
    co_return mounts.error();
  }
  for (const Mount& mount : *mounts) {
    std::string path = below_root(mount.mount_point, with_.host.roots().rootfs);
    const base::MonotonicTime until =
        std::min<base::MonotonicTime>(deadline, with_.clock.monotonic_now() + kPatience);
    const base::Result<MountFigures> figures = co_await with_.probe->look(std::move(path), until);
    if (!figures && figures.error().code() == base::ErrorCode::kCancelled) {
      co_return figures.error();
    }
    emit(mount, figures);
  }
  co_return base::Status{};
}

}  // namespace tocsin::sources::system
