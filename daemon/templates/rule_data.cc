#include "templates/rule_data.h"

#include <utility>

namespace tocsin::templates {
namespace {

constexpr std::string_view kPrelude =
    "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}"
    "{{$externalURL := .ExternalURL}}{{$value := .Value}}";

}  // namespace

Value rule_data(RuleData data) {
  return Struct{"AlertTemplateData",
                {{"Labels", std::move(data.labels)},
                 {"ExternalLabels", std::move(data.external_labels)},
                 {"ExternalURL", std::move(data.external_url)},
                 {"Value", std::move(data.value)}}};
}

base::Result<Template> parse_rule_text(std::string_view name, std::string_view text,
                                       const FunctionMap& functions) {
  return Template::parse(name, kPrelude, text, functions);
}

Value sample_value(Map labels, Value value) {
  return Struct{"sample", {{"Labels", std::move(labels)}, {"Value", std::move(value)}}};
}

}  // namespace tocsin::templates
