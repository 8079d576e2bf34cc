#include "promql/call_frame.h"

#include <utility>

namespace tocsin::promql {

bool has_one_name(const Expr& expr) {
  const Expr& inner = without_parens(expr);
  if (const auto* selector = std::get_if<Selector>(&inner.node)) {
    return !selector->pinned_name.empty();
  }
  if (const auto* subquery = std::get_if<Subquery>(&inner.node)) {
    return has_one_name(*subquery->inner);
  }
  return false;
}

model::Labels without_name(const model::Labels& labels) {
  if (!labels.has(model::kMetricName)) {
    return labels;
  }
  std::vector<model::Label> rest;
  rest.reserve(labels.size());
  for (const model::Label& label : labels) {
    if (label.name.view() != model::kMetricName) {
      rest.push_back(label);
    }
  }
  return model::Labels(std::move(rest));
}

}  // namespace tocsin::promql
