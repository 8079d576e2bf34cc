#pragma once

#include <span>
#include <string_view>

#include "exposition/line.h"
#include "model/sample.h"

namespace tocsin::exposition {

/// The label that says which bucket or quantile a series of such a family is: "le", "quantile", or
/// nothing.
std::string_view bound_label(model::MetricType type);

/// Writes the number in the label `name` in its canonical form, "1.0" for "1", as Prometheus 3
/// stores `le` and `quantile`. What is no number stays.
void canonicalise(std::string_view name, std::span<LabelView> labels, Texts& texts);

}  // namespace tocsin::exposition
