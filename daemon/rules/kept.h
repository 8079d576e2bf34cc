#pragma once

#include <vector>

#include "base/duration.h"
#include "promql/memory.h"
#include "series/watch.h"

namespace tocsin::rules {

/// What the looks at one rule leave for the next: which series it reads, with their newest samples
/// at hand, and what was computed of them. Changes no result. Main loop only.
struct Kept {
  promql::Memory memory;
  series::Watching watching;
  std::vector<base::Duration> at_hand;  ///< by selection; see promql::reach_at_hand()
};

}  // namespace tocsin::rules
