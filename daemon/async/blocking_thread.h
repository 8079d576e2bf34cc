#pragma once

// BlockingThread is a ThreadQueue of one thread.
#include "async/thread_queue.h"  // IWYU pragma: export
