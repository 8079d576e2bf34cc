#pragma once

namespace tocsin::app {

/// Makes the allocator return large blocks at once, and the free end of each of its arenas, instead
/// of growing its idea of "large" with what it has seen. To be called before there are threads.
void bound_idle_memory();

/// Returns the pages that are free now to the system. Takes some milliseconds; any thread.
void release_free_memory();

}  // namespace tocsin::app
