#pragma once

// WorkerPool is a ThreadQueue of several threads.
#include "async/thread_queue.h"  // IWYU pragma: export
