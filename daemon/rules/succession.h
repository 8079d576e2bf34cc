#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "rules/alert_book.h"

namespace tocsin::rules {

/// A rule that went, or one that came.
struct LooseRule {
  RuleId id;
  bool alerting = false;
  /// As in the link that its alerts carry; those of a rule that went may have several.
  std::set<std::string> expressions;
};

/// The expression's part of an alert's link, whatever host the link leads to.
std::string expression_of(const std::string& generator_url);

/// Which of the rules that came goes on for which of those that went: a renamed file or group, or
/// another way to the same file. Both have the same name and labels; where several have, the same
/// expression counts most, then the end of the path, the group, and the order. Each rule is in at
/// most one pair, and the same input gives the same pairs. Keys are rules that came.
std::map<RuleId, RuleId> find_successors(const std::vector<LooseRule>& went,
                                         const std::vector<LooseRule>& came);

}  // namespace tocsin::rules
