#include <sys/vfs.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "async/deadline.h"
#include "sources/system/filesystem.h"

namespace tocsin::sources::system {

namespace {

// Each hanging mount costs a thread; a machine with more dead mounts than this has said enough.
constexpr std::size_t kMaxHanging = 16;

/// On the probe's thread. Block counts are in units of f_bsize, as node_exporter has it.
base::Result<MountFigures> look_now(const std::string& path) {
  struct statfs answer{};
  if (::statfs(path.c_str(), &answer) != 0) {
    return base::Error(base::ErrorCode::kUnavailable,
                       "statfs " + path + ": errno " + std::to_string(errno));
  }
  const auto block = static_cast<double>(answer.f_bsize);
  return MountFigures{.size_bytes = static_cast<double>(answer.f_blocks) * block,
                      .free_bytes = static_cast<double>(answer.f_bfree) * block,
                      .avail_bytes = static_cast<double>(answer.f_bavail) * block,
                      .files = static_cast<double>(answer.f_files),
                      .files_free = static_cast<double>(answer.f_ffree)};
}

struct LookJob {
  std::string path;
  base::Result<MountFigures> operator()() const { return look_now(path); }
};

}  // namespace

StatfsProbe::StatfsProbe(boost::asio::any_io_executor executor, async::Timers& timers)
    : executor_(std::move(executor)), timers_(timers) {}

std::unique_ptr<async::BlockingThread> StatfsProbe::make_thread() const {
  async::ThreadOptions options;
  options.name = "statfs";
  // A thread that hangs in the kernel cannot be waited for.
  options.join_limit = std::chrono::milliseconds(20);
  return std::make_unique<async::BlockingThread>(executor_, std::move(options));
}

async::Task<base::Result<MountFigures>> StatfsProbe::look(std::string path,
                                                          base::MonotonicTime deadline) {
  const auto hanging = hanging_.find(path);
  if (hanging != hanging_.end()) {
    if (hanging->second->pending() > 0) {
      co_return base::Error(base::ErrorCode::kTimeout, path + " still does not answer");
    }
    hanging_.erase(hanging);
  }
  if (hanging_.size() >= kMaxHanging) {
    co_return base::Error(base::ErrorCode::kTimeout, "too many mounts do not answer");
  }
  if (!thread_) {
    thread_ = make_thread();
  }
  LookJob job{path};
  async::Task<base::Result<MountFigures>> work = thread_->run(std::move(job));
  base::Result<MountFigures> figures =
      co_await async::with_deadline(timers_, deadline, std::move(work));
  if (!figures && figures.error().code() == base::ErrorCode::kTimeout) {
    hanging_[path] = std::move(thread_);
  }
  co_return figures;
}

}  // namespace tocsin::sources::system
