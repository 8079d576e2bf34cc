#include <array>
#include <string>
#include <string_view>

#include "base/text.h"
#include "promql/plan.h"

namespace tocsin::promql {
namespace {

constexpr std::array<std::string_view, 24> kKindNames = {
    "number",      "text",    "time",       "scalar arithmetic", "negated scalar", "scalar of",
    "scalar call", "instant", "timestamps", "range call",        "element call",   "histogram call",
    "vector of",   "absent",  "quantile",   "relabel",           "negate",         "aggregate",
    "with scalar", "join",    "set",        "stepwise",          "range",          "subquery"};

}  // namespace

std::string describe(const Plan& plan) {
  std::string text;
  for (NodeId id = 0; id < plan.size(); ++id) {
    const PlanNode& node = plan.node(id);
    text +=
        std::to_string(id) + ": " + std::string(kKindNames.at(static_cast<std::size_t>(node.kind)));
    switch (node.kind) {
      case NodeKind::kNumber:
        text += " " + base::format_number_short(node.number);
        break;
      case NodeKind::kInstant:
      case NodeKind::kTimestamps:
      case NodeKind::kRange:
        text += " of selection " + std::to_string(node.selection);
        break;
      case NodeKind::kSubquery:
        text += " at steps " + std::to_string(node.inner_frame);
        break;
      default:
        text += " " + format(*node.expr);
        break;
    }
    std::string_view before = " <- ";
    for (const NodeId input : node.inputs) {
      text += std::string(before) + std::to_string(input);
      before = ", ";
    }
    if (node.frame != kQueryFrame) {
      text +=
          node.frame == kFixedFrame ? " [fixed]" : " [steps " + std::to_string(node.frame) + "]";
    }
    if (node.uses > 1) {
      text += " [read " + std::to_string(node.uses) + " times]";
    }
    if (node.check_labels) {
      text += " [labels checked]";
    }
    text += '\n';
  }
  return text;
}

}  // namespace tocsin::promql
