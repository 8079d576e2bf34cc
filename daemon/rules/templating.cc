#include "rules/templating.h"

#include <utility>

#include "templates/rule_data.h"

namespace tocsin::rules {
namespace {

using templates::List;
using templates::Value;

// Histograms are printed as text.
Value value_of(const promql::VectorElement& element) {
  return element.histogram ? Value(model::to_string(*element.histogram)) : Value(element.value);
}

base::Error wrong_arguments(std::string_view function) {
  return {base::ErrorCode::kInvalidInput,
          "wrong number or type of arguments for " + std::string(function)};
}

// The path of the external URL, without the slash at its end: "http://host/a/" gives "/a".
std::string path_prefix(const std::string& url) {
  const std::size_t scheme = url.find("://");
  const std::size_t slash = url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  if (slash == std::string::npos) {
    return {};
  }
  std::string path = url.substr(slash, url.find_first_of("?#", slash) - slash);
  while (path.ends_with('/')) {
    path.pop_back();
  }
  return path;
}

}  // namespace

TemplateContext::TemplateContext(const EngineOptions& options, QueryFunction query)
    : shared_(std::make_shared<Shared>(Shared{{}, std::move(query)})),
      functions_(templates::prometheus_functions()),
      external_labels_(templates::map_of(options.external_labels)),
      external_url_(options.external_url) {
  functions_["query"] = [shared = shared_](std::vector<Value> arguments) -> base::Result<Value> {
    const auto* text =
        arguments.size() == 1 ? std::get_if<std::string>(&arguments[0].storage()) : nullptr;
    if (text == nullptr) {
      return wrong_arguments("query");
    }
    if (!shared->query) {
      return base::Error(base::ErrorCode::kUnsupported, "query is not available here");
    }
    const auto elements = shared->query(*text, shared->time);
    if (!elements) {
      return elements.error();
    }
    List list;
    for (const promql::VectorElement& element : *elements) {
      list.push_back(templates::sample_value(templates::map_of(element.labels), value_of(element)));
    }
    return Value(std::move(list));
  };
  functions_["externalURL"] = [url = options.external_url](const std::vector<Value>&) {
    return base::Result<Value>(Value(url));
  };
  functions_["pathPrefix"] = [path = path_prefix(options.external_url)](const std::vector<Value>&) {
    return base::Result<Value>(Value(path));
  };
  functions_["now"] = [shared = shared_](const std::vector<Value>&) {
    return base::Result<Value>(Value(base::to_seconds(shared->time)));
  };
}

const templates::FunctionMap& parse_time_functions() {
  static const templates::FunctionMap kFunctions = [] {
    templates::FunctionMap functions = templates::prometheus_functions();
    for (const char* name : {"query", "externalURL", "pathPrefix", "now"}) {
      functions.emplace(name,
                        [](const std::vector<Value>&) { return base::Result<Value>(Value("")); });
    }
    return functions;
  }();
  return kFunctions;
}

base::Result<RuleTemplate> RuleTemplate::parse(const std::string& rule_name,
                                               const std::string& text) {
  RuleTemplate result;
  result.name_ = "__alert_" + rule_name;
  result.text_ = text;
  if (text.find("{{") == std::string::npos) {
    return result;
  }
  auto parsed = templates::parse_rule_text(result.name_, text, parse_time_functions());
  if (!parsed) {
    return parsed.error();
  }
  result.template_ = std::move(*parsed);
  return result;
}

std::string RuleTemplate::expand(const Value& data, const TemplateContext& context,
                                 std::optional<std::string>& error) const {
  if (!template_) {
    return text_;
  }
  auto text = template_->execute(data, context.functions());
  if (text) {
    return std::move(*text);
  }
  error = "error executing template " + name_ + ": " + text.error().message();
  return "<error expanding template: " + *error + ">";
}

base::Result<Candidates> expand_candidates(const std::string& alert_name,
                                           const RuleTemplates& labels,
                                           const RuleTemplates& annotations,
                                           const promql::Vector& elements,
                                           const TemplateContext& context,
                                           std::vector<std::string>& errors) {
  Candidates candidates;
  for (const promql::VectorElement& element : elements) {
    const Value data =
        templates::rule_data({templates::map_of(element.labels), context.external_labels(),
                              context.external_url(), value_of(element)});
    std::optional<std::string> error;
    model::LabelsBuilder builder(element.labels);
    builder.remove(model::kMetricName);
    for (const auto& [name, text] : labels) {
      builder.set(name, text.expand(data, context, error));
    }
    builder.set(model::kAlertName, alert_name);
    std::vector<model::Label> expanded;
    for (const auto& [name, text] : annotations) {
      expanded.push_back({model::Symbol(name), model::Symbol(text.expand(data, context, error))});
    }
    if (error) {
      errors.push_back(std::move(*error));
    }
    const auto [position, added] = candidates.emplace(
        builder.build(), Candidate{model::Labels(std::move(expanded)), element.value});
    if (!added) {
      return base::Error(
          base::ErrorCode::kInvalidInput,
          "vector contains metrics with the same labelset after applying alert labels: " +
              position->first.to_string());
    }
  }
  return candidates;
}

}  // namespace tocsin::rules
