#include "promql/memory.h"

#include <algorithm>
#include <utility>

namespace tocsin::promql {

std::optional<double> KeptWindow::value(const RangeInput& input, std::uint64_t number) {
  const std::uint64_t last = number + input.samples.size();
  if (number < first || last < end) {
    window->restart();
  }
  first = number;
  end = last;
  return window->value(input, number);
}

std::uint32_t KeptGroups::of(std::size_t row, const model::Labels& labels, bool name_gone) {
  std::uint32_t& group = by_row_[row];
  if (group == kUnknown) {
    group = signature_.id(labels, name_gone);
    if (group == labels_.size()) {
      labels_.push_back(signature_.labels_of(labels, name_gone));
    }
  }
  return group;
}

std::vector<KeptWindow>& Memory::windows(NodeId node, std::uint64_t version, std::size_t series) {
  Windows& windows = windows_[node];
  if (windows.version != version) {
    windows.version = version;
    windows.list.clear();
    windows.list.resize(series);
  }
  return windows.list;
}

KeptGroups& Memory::groups(NodeId node, std::uint64_t version, std::size_t series, bool keep,
                           const std::vector<std::string>& labels) {
  auto found = groups_.find(node);
  if (found != groups_.end() && found->second.version() != version) {
    groups_.erase(found);
    found = groups_.end();
  }
  if (found == groups_.end()) {
    found =
        groups_.emplace(node, KeptGroups(version, Signature(keep, labels, false), series)).first;
  }
  return found->second;
}

namespace {

bool at_evaluation(const Selector& selector) {
  return selector.shift.anchor == TimeShift::Anchor::kEvaluation;
}

}  // namespace

bool is_incremental(const Query& query) {
  const Plan& plan = query.plan();
  if (plan.selections().empty() || query.depends_on_times()) {
    return false;
  }
  for (NodeId id = 0; id < plan.size(); ++id) {
    const NodeKind kind = plan.node(id).kind;
    if (kind == NodeKind::kSubquery || kind == NodeKind::kStepwise ||
        kind == NodeKind::kScalarStepwise) {
      return false;
    }
  }
  return std::ranges::all_of(plan.selections(), [](const PlanSelection& selection) {
    return std::ranges::all_of(selection.selectors, [](const Selector* selector) {
      return at_evaluation(*selector) && selector->extension == Extension::kNone;
    });
  });
}

bool is_still_without_series(const Query& query) {
  const Plan& plan = query.plan();
  for (NodeId id = 0; id < plan.size(); ++id) {
    const PlanNode& node = plan.node(id);
    switch (node.kind) {
      case NodeKind::kTime:
      case NodeKind::kScalarStepwise:
      case NodeKind::kStepwise:
      case NodeKind::kSubquery:
        return false;
      case NodeKind::kElementCall:
        // Without a vector, it is of the time: hour().
        if (std::ranges::none_of(node.inputs, [&](NodeId input) {
              return plan.node(input).expr->type == ValueType::kVector;
            })) {
          return false;
        }
        break;
      default:
        break;
    }
  }
  return !query.depends_on_times();
}

std::vector<base::Duration> reach_at_hand(const Query& query) {
  std::vector<base::Duration> reaches;
  for (const PlanSelection& selection : query.plan().selections()) {
    std::int64_t reach_ms = 0;
    for (const Selector* selector : selection.selectors) {
      const bool slides = at_evaluation(*selector) && selection.frame == kQueryFrame;
      if (slides && selector->range_ms && selector->extension == Extension::kNone) {
        const std::int64_t offset_ms = std::max<std::int64_t>(selector->shift.offset_ms, 0);
        reach_ms = std::max(reach_ms, *selector->range_ms + offset_ms);
      }
    }
    reaches.emplace_back(reach_ms);
  }
  return reaches;
}

}  // namespace tocsin::promql
