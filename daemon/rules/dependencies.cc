#include "rules/dependencies.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "rules/selector_index.h"

namespace tocsin::rules {
namespace {

bool is_template(std::string_view text) { return text.find("{{") != std::string_view::npos; }

// What of a written series' labels is known before any evaluation.
std::map<std::string, std::string> known_labels(const LoadedRule& rule, std::string_view metric) {
  std::map<std::string, std::string> known;
  for (const auto& [name, value] : rule.labels) {
    if (!rule.rule.alerting || !is_template(value)) {
      known[name] = value;
    }
  }
  known[std::string(model::kMetricName)] = std::string(metric);
  if (rule.rule.alerting) {
    known[std::string(model::kAlertName)] = rule.rule.name;
  }
  return known;
}

bool may_match(const model::Matchers& matchers, const std::map<std::string, std::string>& known) {
  return std::ranges::all_of(matchers, [&](const model::Matcher& matcher) {
    const auto found = known.find(matcher.name());
    return found == known.end() || matcher.matches(std::string_view(found->second));
  });
}

void connect(std::size_t writer, const LoadedRule& rule, std::string_view metric,
             const SelectorIndex& index, std::vector<std::set<std::size_t>>& inputs) {
  const auto known = known_labels(rule, metric);
  for (const auto& entry : index.with_name(metric)) {
    if (may_match(entry.matchers, known)) {
      inputs[entry.rule].insert(writer);
    }
  }
  if (rule.rule.alerting) {
    return;
  }
  for (const auto& entry : index.any_name()) {
    if (entry.rule != writer && may_match(entry.matchers, known)) {
      inputs[entry.rule].insert(writer);
    }
  }
}

// Takes away, again and again, every rule without an edge of the one kind; what is left lies on
// or behind a cycle in that direction.
std::vector<bool> trimmed(const std::vector<std::vector<std::size_t>>& from,
                          const std::vector<std::vector<std::size_t>>& to) {
  std::vector<std::size_t> open(from.size());
  std::vector<std::size_t> queue;
  std::vector<bool> left(from.size(), true);
  for (std::size_t i = 0; i < from.size(); ++i) {
    open[i] = from[i].size();
    if (open[i] == 0) {
      queue.push_back(i);
    }
  }
  while (!queue.empty()) {
    const std::size_t rule = queue.back();
    queue.pop_back();
    left[rule] = false;
    for (const std::size_t next : to[rule]) {
      if (--open[next] == 0) {
        queue.push_back(next);
      }
    }
  }
  return left;
}

std::vector<unsigned> ranks(const Dependencies& dependencies) {
  const std::size_t count = dependencies.inputs.size();
  std::vector<unsigned> rank(count, 0);
  std::vector<std::size_t> open(count, 0);
  std::vector<std::size_t> queue;
  for (std::size_t i = 0; i < count; ++i) {
    if (!dependencies.cyclic[i]) {
      open[i] = static_cast<std::size_t>(std::ranges::count_if(
          dependencies.inputs[i], [&](std::size_t input) { return !dependencies.cyclic[input]; }));
    }
    if (open[i] == 0) {
      queue.push_back(i);
    }
  }
  while (!queue.empty()) {
    const std::size_t rule = queue.back();
    queue.pop_back();
    if (dependencies.cyclic[rule]) {
      continue;
    }
    for (const std::size_t reader : dependencies.readers[rule]) {
      if (dependencies.cyclic[reader]) {
        continue;
      }
      rank[reader] = std::max(rank[reader], rank[rule] + 1);
      if (--open[reader] == 0) {
        queue.push_back(reader);
      }
    }
  }
  return rank;
}

}  // namespace

Dependencies find_dependencies(const std::vector<LoadedRule>& rules) {
  SelectorIndex index;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    for (const model::Matchers& matchers : rules[i].selectors) {
      index.add(i, matchers);
    }
  }
  std::vector<std::set<std::size_t>> inputs(rules.size());
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (rules[i].rule.alerting) {
      connect(i, rules[i], "ALERTS", index, inputs);
      connect(i, rules[i], "ALERTS_FOR_STATE", index, inputs);
    } else {
      connect(i, rules[i], rules[i].rule.name, index, inputs);
    }
  }
  Dependencies dependencies;
  dependencies.inputs.resize(rules.size());
  dependencies.readers.resize(rules.size());
  for (std::size_t i = 0; i < rules.size(); ++i) {
    dependencies.inputs[i].assign(inputs[i].begin(), inputs[i].end());
    for (const std::size_t input : inputs[i]) {
      dependencies.readers[input].push_back(i);
    }
  }
  const auto forward = trimmed(dependencies.inputs, dependencies.readers);
  const auto backward = trimmed(dependencies.readers, dependencies.inputs);
  dependencies.cyclic.resize(rules.size());
  for (std::size_t i = 0; i < rules.size(); ++i) {
    dependencies.cyclic[i] = forward[i] && backward[i];
  }
  dependencies.rank = ranks(dependencies);
  return dependencies;
}

std::vector<unsigned> sequential_stages(const std::vector<std::size_t>& rules,
                                        const Dependencies& dependencies) {
  std::map<std::size_t, unsigned> stage_of;
  std::vector<unsigned> stages;
  for (const std::size_t rule : rules) {
    unsigned stage = 0;
    for (const std::size_t input : dependencies.inputs[rule]) {
      if (const auto found = stage_of.find(input); found != stage_of.end()) {
        stage = std::max(stage, found->second + 1);
      }
    }
    // A reader that stands before it must not see what it writes: same stage or earlier.
    for (const std::size_t reader : dependencies.readers[rule]) {
      if (const auto found = stage_of.find(reader); found != stage_of.end()) {
        stage = std::max(stage, found->second);
      }
    }
    stage_of[rule] = stage;
    stages.push_back(stage);
  }
  return stages;
}

}  // namespace tocsin::rules
