#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/labels.h"
#include "promql/query.h"
#include "rules/alert_state.h"
#include "rules/engine.h"
#include "templates/template.h"

namespace tocsin::rules {

/// The values that a rule template sees beside the alert, and the functions that depend on them.
/// Main loop only: `query` runs at the time that set_time() named last.
class TemplateContext {
 public:
  TemplateContext(const EngineOptions& options, QueryFunction query);

  void set_time(base::WallTime time) { shared_->time = time; }
  const templates::FunctionMap& functions() const { return functions_; }
  const templates::Map& external_labels() const { return external_labels_; }
  const std::string& external_url() const { return external_url_; }

 private:
  struct Shared {
    base::WallTime time;
    QueryFunction query;
  };
  std::shared_ptr<Shared> shared_;
  templates::FunctionMap functions_;
  templates::Map external_labels_;
  std::string external_url_;
};

/// The functions that a rule template may name, for parsing: they do nothing when called.
const templates::FunctionMap& parse_time_functions();

/// One label or annotation of a rule. A text without `{{` is not a template and costs nothing.
class RuleTemplate {
 public:
  /// Errors carry line and column within `text`.
  static base::Result<RuleTemplate> parse(const std::string& rule_name, const std::string& text);

  /// As Prometheus: what fails to expand becomes `<error expanding template: …>`; `error`, if
  /// there was one, is set to the reason.
  std::string expand(const templates::Value& data, const TemplateContext& context,
                     std::optional<std::string>& error) const;
  bool is_static() const { return !template_; }

 private:
  std::string name_;
  std::string text_;
  std::optional<templates::Template> template_;
};

using RuleTemplates = std::vector<std::pair<std::string, RuleTemplate>>;

/// Expands the labels and annotations of an alerting rule for each element of its result. An error
/// when two elements end up with the same labels.
base::Result<Candidates> expand_candidates(const std::string& alert_name,
                                           const RuleTemplates& labels,
                                           const RuleTemplates& annotations,
                                           const promql::Vector& elements,
                                           const TemplateContext& context,
                                           std::vector<std::string>& errors);

}  // namespace tocsin::rules
