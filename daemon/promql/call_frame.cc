#include "promql/call_frame.h"

#include <algorithm>
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

namespace {

std::string_view name_of(const model::Label& label) { return label.name.view(); }

}  // namespace

model::Labels without_name(const model::Labels& labels) {
  if (std::ranges::none_of(labels.all(), goes_with_name, name_of)) {
    return labels;
  }
  std::vector<model::Label> rest;
  rest.reserve(labels.size());
  for (const model::Label& label : labels) {
    if (!goes_with_name(label.name.view())) {
      rest.push_back(label);
    }
  }
  return model::Labels(std::move(rest));
}

}  // namespace tocsin::promql
