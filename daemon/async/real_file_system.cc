#include "async/real_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

namespace tocsin::async {
namespace {

using base::Error;
using base::ErrorCode;

Error failure(const std::string& path, int code) {
  ErrorCode kind = ErrorCode::kInternal;
  switch (code) {
    case ENOENT:
    case ENOTDIR:
      kind = ErrorCode::kNotFound;
      break;
    case EACCES:
    case EPERM:
      kind = ErrorCode::kDenied;
      break;
    case EIO:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ESTALE:
      kind = ErrorCode::kUnavailable;
      break;
    case EISDIR:
    case EINVAL:
    case ELOOP:
    case ENAMETOOLONG:
      kind = ErrorCode::kInvalidInput;
      break;
    default:
      break;
  }
  return {kind, path + ": " + std::system_category().message(code)};
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }
  int number() const { return number_; }

 private:
  int number_;
};

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

/// How long a pipe that somebody writes to may be silent.
constexpr int kPipePatienceMs = 5000;
constexpr int kForever = -1;

/// Waits until there is something to read; false when nothing has come for so long.
bool wait_readable(int descriptor, int patience_ms) {
  pollfd waiting{.fd = descriptor, .events = POLLIN, .revents = 0};
  int ready = 0;
  do {
    ready = ::poll(&waiting, 1, patience_ms);
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

base::Result<std::string> read_all(int descriptor, const std::string& name, std::size_t max_bytes,
                                   int patience_ms) {
  std::string content;
  std::array<char, 16384> piece;
  while (true) {
    const ssize_t got = ::read(descriptor, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0 && errno == EAGAIN) {
      if (!wait_readable(descriptor, patience_ms)) {
        return Error(ErrorCode::kTimeout, name + ": nothing came for too long");
      }
      continue;
    }
    if (got < 0) {
      return failure(name, errno);
    }
    if (got == 0) {
      return content;
    }
    if (content.size() + static_cast<std::size_t>(got) > max_bytes) {
      return Error(ErrorCode::kLimitExceeded,
                   name + ": larger than " + std::to_string(max_bytes) + " bytes");
    }
    content.append(piece.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

base::Result<std::string> RealFileSystem::read_file(const std::string& path,
                                                    std::size_t max_bytes) const {
  // O_NONBLOCK: a FIFO in the place of a file must not hang whoever opens it.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (file.number() < 0) {
    return failure(path, errno);
  }
  return read_all(file.number(), path, max_bytes, kPipePatienceMs);
}

base::Result<std::string> read_standard_input(std::size_t max_bytes) {
  return read_all(STDIN_FILENO, "standard input", max_bytes, kForever);
}

base::Result<std::vector<std::string>> RealFileSystem::list_folder(const std::string& path) const {
  const std::unique_ptr<DIR, CloseFolder> folder(::opendir(path.c_str()));
  if (!folder) {
    return failure(path, errno);
  }
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(folder.get());
    if (entry == nullptr && errno != 0) {
      return failure(path, errno);
    }
    if (entry == nullptr) {
      break;
    }
    std::string name = entry->d_name;
    if (name != "." && name != "..") {
      names.push_back(std::move(name));
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

base::Result<std::string> RealFileSystem::read_link(const std::string& path) const {
  std::array<char, 4096> target;
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  if (size < 0) {
    return failure(path, errno);
  }
  return std::string(target.data(), static_cast<std::size_t>(size));
}

bool RealFileSystem::exists(const std::string& path) const {
  struct stat about{};
  return ::stat(path.c_str(), &about) == 0;
}

bool RealFileSystem::is_program(const std::string& path) const {
  struct stat about{};
  return ::stat(path.c_str(), &about) == 0 && S_ISREG(about.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

base::Result<std::vector<std::string>> RealFileSystem::glob(const std::string& pattern) const {
  glob_t found{};
  const int outcome = ::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found);
  const std::unique_ptr<glob_t, decltype(&::globfree)> release(&found, &::globfree);
  if (outcome == GLOB_NOMATCH) {
    return std::vector<std::string>{};
  }
  if (outcome != 0) {
    return Error(ErrorCode::kUnavailable, pattern + ": cannot expand the pattern");
  }
  std::vector<std::string> paths(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace tocsin::async
