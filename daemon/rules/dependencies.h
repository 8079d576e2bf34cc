#pragma once

#include <cstddef>
#include <vector>

#include "rules/loaded.h"

namespace tocsin::rules {

/// Which rules read what others write: recorded series, ALERTS, ALERTS_FOR_STATE.
struct Dependencies {
  std::vector<std::vector<std::size_t>> inputs;   ///< per rule: the rules that it reads
  std::vector<std::vector<std::size_t>> readers;  ///< per rule: the rules that read it
  /// Members of a cycle, and rules that stand between two cycles: no order can serve them.
  std::vector<bool> cyclic;
  /// Rules of a lower rank never read those of a higher one, cycles left out.
  std::vector<unsigned> rank;
};

/// A selector that names no metric (`{job="x"}`) counts as reading recorded series, but neither
/// its own rule's nor ALERTS: else it would be a cycle by itself.
Dependencies find_dependencies(const std::vector<LoadedRule>& rules);

/// The stages in which Prometheus' order (one rule after the other, each reading what those
/// before it wrote) can run some rules together. `rules` is in that order; parallel to it.
std::vector<unsigned> sequential_stages(const std::vector<std::size_t>& rules,
                                        const Dependencies& dependencies);

}  // namespace tocsin::rules
