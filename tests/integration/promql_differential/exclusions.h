#pragma once

#include <span>
#include <string_view>

#include "integration/promql_differential/answer.h"

namespace tocsin::differential {

/// A known difference between Prometheus 2.42 and the semantics that tocsin follows.
struct Exclusion {
  std::string_view id;
  std::string_view reason;  ///< the version that changed it, and its changelog's words for it
  /// Whether a disagreement over an expression that cannot be made smaller is this one.
  bool (*applies)(const Question& question, const Answer& theirs, const Answer& ours);
};

std::span<const Exclusion> exclusions();

/// The one that applies, or null.
const Exclusion* find_exclusion(const Question& question, const Answer& theirs, const Answer& ours);

}  // namespace tocsin::differential
