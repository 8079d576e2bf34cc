#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "integration/promql_differential/answer.h"

namespace tocsin::differential {

/// A disagreement over an expression that could not be made smaller.
struct Disagreement {
  Question question;
  Answer theirs;
  Answer ours;
  /// What both say about the expressions directly within, at the same time.
  std::vector<Answers> within;
  /// What Prometheus says when it is asked for each of a range's times alone, put together as a
  /// range; nothing for other questions, and where it refused one of them.
  std::optional<Answer> instants;
};

/// A known difference between Prometheus 2.42 and the semantics that tocsin follows.
struct Exclusion {
  std::string_view id;
  std::string_view reason;  ///< the version that changed it, and its changelog's words for it
  bool (*applies)(const Disagreement& found);
};

inline constexpr const char* kChoiceAmongEquals = "choice-among-equals";

std::span<const Exclusion> exclusions();

/// The one that applies, or null.
const Exclusion* find_exclusion(const Disagreement& found);

}  // namespace tocsin::differential
