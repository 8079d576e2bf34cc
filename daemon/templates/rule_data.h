#pragma once

#include <string>
#include <string_view>

#include "templates/template.h"

namespace tocsin::templates {

/// What labels and annotations of a rule see: $labels, $value, $externalLabels, $externalURL and
/// the same as .Labels, .Value, .ExternalLabels, .ExternalURL.
///
///     const auto text = parse_rule_text("annotation summary", source, functions);
///     const auto summary = text->execute(rule_data({map_of(labels), …}), functions);
struct RuleData {
  Map labels;
  Map external_labels;
  std::string external_url;
  Value value = 0.0;  ///< a number, or text for what is none
};

Value rule_data(RuleData data);

/// A template of a rule: Template::parse() with the variables declared. Columns of errors are
/// those of `text`.
base::Result<Template> parse_rule_text(std::string_view name, std::string_view text,
                                       const FunctionMap& functions);

/// A sample of a query as templates see it: .Labels and .Value.
Value sample_value(Map labels, Value value);

/// A map of a label set: any range of things with name.view() and value.view().
template <class Labels>
Map map_of(const Labels& labels) {
  Map map;
  for (const auto& label : labels) {
    map.emplace(std::string(label.name.view()), Value(label.value.view()));
  }
  return map;
}

}  // namespace tocsin::templates
