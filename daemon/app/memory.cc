#include "app/memory.h"

#include <malloc.h>

namespace tocsin::app {
namespace {

/// Above what a poll of a large target allocates in one piece, so that its buffers stay mapped.
constexpr int kKeepBytes = 8 << 20;

}  // namespace

void bound_idle_memory() {
  mallopt(M_MMAP_THRESHOLD, kKeepBytes);
  mallopt(M_TRIM_THRESHOLD, kKeepBytes);
}

void release_free_memory() { malloc_trim(0); }

}  // namespace tocsin::app
