#include "exposition/bounds.h"

#include <optional>
#include <string>
#include <utility>

#include "exposition/format.h"
#include "exposition/scalar.h"

namespace tocsin::exposition {

std::string_view bound_label(model::MetricType type) {
  switch (type) {
    case model::MetricType::kHistogram:
      return "le";
    case model::MetricType::kSummary:
      return "quantile";
    default:
      return {};
  }
}

void canonicalise(std::string_view name, std::span<LabelView> labels, Texts& texts) {
  for (LabelView& label : labels) {
    if (label.name != name) {
      continue;
    }
    if (const std::optional<double> value = read_number(label.value)) {
      std::string text = format_canonical(*value);
      if (text != label.value) {
        label.value = texts.emplace_back(std::move(text));
      }
    }
  }
}

}  // namespace tocsin::exposition
