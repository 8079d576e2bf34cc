// Stands in the place of libc's calls that write to a disk; see stuck_disk.h. The calls go to the
// kernel themselves, since the ones of libc are what they replace.
#include <poll.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdlib>

namespace {

void wait_while_stuck() {
  const char* path = std::getenv("TOCSIN_STUCK_DISK");
  while (path != nullptr && ::access(path, F_OK) == 0) {
    ::poll(nullptr, 0, 5);
  }
}

}  // namespace

extern "C" {

ssize_t pwrite64(int descriptor, const void* bytes, size_t size, off64_t at) {
  wait_while_stuck();
  return ::syscall(SYS_pwrite64, descriptor, bytes, size, at);
}

ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t at) {
  return pwrite64(descriptor, bytes, size, at);
}

int fdatasync(int descriptor) {
  wait_while_stuck();
  return static_cast<int>(::syscall(SYS_fdatasync, descriptor));
}

int fsync(int descriptor) {
  wait_while_stuck();
  return static_cast<int>(::syscall(SYS_fsync, descriptor));
}

}  // extern "C"
