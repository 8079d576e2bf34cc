#include "rules/succession.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/path.h"

namespace tocsin::rules {
namespace {

/// What both rules of a pair must have in common, from the surest sign to the weakest.
struct Pass {
  bool expression = false;
  bool file_name = false;
  bool group = false;
  bool whole_path = false;  ///< one path is the end of the other
};
constexpr Pass kPasses[] = {
    {.expression = true, .file_name = true, .group = true, .whole_path = true},
    {.expression = true, .file_name = true, .group = true},
    {.expression = true, .group = true},
    {.expression = true},
    {.file_name = true, .group = true, .whole_path = true},
    {},
};

/// A rule with its path taken apart, the file's name first.
struct Side {
  const LooseRule* rule;
  std::vector<std::string> path;
  bool paired = false;
};

std::vector<Side> sides_of(const std::vector<LooseRule>& rules) {
  std::vector<Side> sides;
  for (const LooseRule& rule : rules) {
    std::vector<std::string> path = base::path_parts(rule.id.file);
    std::ranges::reverse(path);
    sides.push_back({&rule, std::move(path)});
  }
  return sides;
}

std::size_t common_end(const Side& a, const Side& b) {
  const auto [left, right] = std::ranges::mismatch(a.path, b.path);
  return static_cast<std::size_t>(left - a.path.begin());
}

std::vector<std::string> keys_of(const Side& side, const Pass& pass) {
  const RuleId& id = side.rule->id;
  std::string key =
      (side.rule->alerting ? "alert\xff" : "record\xff") + id.name + "\xff" + id.labels + "\xff";
  if (pass.file_name) {
    key += side.path.empty() ? "" : side.path.front();
  }
  if (pass.group) {
    key += "\xff" + id.group + "\xff" + std::to_string(id.nth);
  }
  if (!pass.expression) {
    return {key};
  }
  std::vector<std::string> keys;
  keys.reserve(side.rule->expressions.size());
  for (const std::string& expression : side.rule->expressions) {
    keys.push_back(key + "\xff" + expression);
  }
  return keys;
}

void pair_up(const Pass& pass, std::vector<Side>& went, std::vector<Side>& came,
             std::map<RuleId, RuleId>& pairs) {
  std::map<std::string, std::vector<Side*>> by_key;
  for (Side& side : came) {
    for (const std::string& key : side.paired ? std::vector<std::string>{} : keys_of(side, pass)) {
      by_key[key].push_back(&side);
    }
  }
  for (Side& side : went) {
    if (side.paired) {
      continue;
    }
    Side* best = nullptr;
    std::size_t best_end = 0;
    for (const std::string& key : keys_of(side, pass)) {
      const auto found = by_key.find(key);
      for (Side* candidate : found == by_key.end() ? std::vector<Side*>{} : found->second) {
        const std::size_t end = common_end(side, *candidate);
        const bool whole = end == std::min(side.path.size(), candidate->path.size());
        const bool better = best == nullptr || end > best_end;
        if (!candidate->paired && better && (whole || !pass.whole_path)) {
          best = candidate;
          best_end = end;
        }
      }
    }
    if (best != nullptr) {
      side.paired = true;
      best->paired = true;
      pairs.emplace(best->rule->id, side.rule->id);
    }
  }
}

}  // namespace

std::string expression_of(const std::string& generator_url) {
  const auto begin = generator_url.find("?g0.expr=");
  return begin == std::string::npos ? generator_url : generator_url.substr(begin);
}

std::map<RuleId, RuleId> find_successors(const std::vector<LooseRule>& went,
                                         const std::vector<LooseRule>& came) {
  std::map<RuleId, RuleId> pairs;
  if (went.empty() || came.empty()) {
    return pairs;
  }
  std::vector<Side> old_sides = sides_of(went);
  std::vector<Side> new_sides = sides_of(came);
  for (const Pass& pass : kPasses) {
    pair_up(pass, old_sides, new_sides, pairs);
  }
  return pairs;
}

}  // namespace tocsin::rules
