#include "rules/rule_file.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>
#include <string_view>

#include "base/text.h"
#include "rules/templating.h"

namespace tocsin::rules {
namespace {

using Texts = std::vector<std::pair<std::string, std::string>>;

/// What every step of one group needs.
struct Context {
  const DecodeOptions& options;
  yaml::Problems& problems;
};

void refuse_foreign(yaml::MappingReader& reader, std::string_view product,
                    std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (reader.take(key) != nullptr) {
      reader.problem(key, "is a " + std::string(product) + " key and not supported");
    }
  }
}

bool valid_label_name(std::string_view name, const DecodeOptions& options) {
  return options.legacy_names ? model::is_legacy_label_name(name)
                              : !name.empty() && base::is_valid_utf8(name);
}

// The faults of an expression or template, mapped from the text to the file.
void add_inside(const Context& context, const yaml::Node& node, std::string_view what,
                const base::Error& error) {
  if (!error.position()) {
    context.problems.add(node, std::string(what) + ": " + error.message());
    return;
  }
  base::Error placed(base::ErrorCode::kInvalidInput, std::string(what) + ": " + error.message());
  context.problems.add(
      std::move(placed).at(node.position_in(error.position()->line, error.position()->column)));
}

const yaml::Node* value_of(const yaml::Node* mapping, std::string_view key) {
  return mapping == nullptr ? nullptr : mapping->find(key);
}

Texts decode_labels(const Context& context, yaml::MappingReader& reader, std::string_view key) {
  Texts texts = reader.text_map(key);
  for (const auto& [name, value] : texts) {
    if (!valid_label_name(name, context.options) || (key == "labels" && name == "__name__")) {
      reader.problem(key, "\"" + name + "\" is no valid " +
                              (key == "labels" ? "label" : "annotation") + " name");
    }
    if (!base::is_valid_utf8(value)) {
      reader.problem(key, "the value of \"" + name + "\" is not valid UTF-8");
    }
  }
  return texts;
}

void check_templates(const Context& context, const std::string& rule, const yaml::Node* mapping,
                     std::string_view kind, const Texts& texts) {
  for (const auto& [name, text] : texts) {
    const auto parsed = RuleTemplate::parse(rule, text);
    const yaml::Node* node = value_of(mapping, name);
    if (!parsed && node != nullptr) {
      add_inside(context, *node, std::string(kind) + " \"" + name + "\": template", parsed.error());
    }
  }
}

void check_record(yaml::MappingReader& reader, const Rule& rule, const DecodeOptions& options) {
  const bool valid = options.legacy_names ? model::is_legacy_metric_name(rule.name)
                                          : base::is_valid_utf8(rule.name);
  if (!valid) {
    reader.problem("record", "\"" + rule.name + "\" is no valid metric name");
  } else if (rule.name.find_first_of("{}") != std::string::npos) {
    reader.problem("record", "braces in the metric name; should they be in expr?");
  }
  if (rule.for_duration > base::Duration::zero()) {
    reader.problem("for", "not allowed in a recording rule");
  }
  if (rule.keep_firing_for > base::Duration::zero()) {
    reader.problem("keep_firing_for", "not allowed in a recording rule");
  }
  if (!rule.annotations.empty()) {
    reader.problem("annotations", "not allowed in a recording rule");
  }
}

Rule decode_rule(const Context& context, const yaml::Node& node) {
  yaml::MappingReader reader(node, "rule", context.problems);
  Rule rule;
  rule.position = node.position();
  const std::string record = reader.text("record").value_or("");
  const std::string alert = reader.text("alert").value_or("");
  rule.alerting = !alert.empty();
  rule.name = rule.alerting ? alert : record;
  const yaml::Node* expression = reader.take("expr");
  const std::string text = reader.text("expr").value_or("");
  rule.for_duration = reader.duration("for").value_or(base::Duration::zero());
  rule.keep_firing_for = reader.duration("keep_firing_for").value_or(base::Duration::zero());
  rule.labels = decode_labels(context, reader, "labels");
  rule.annotations = decode_labels(context, reader, "annotations");
  refuse_foreign(reader, "vmalert", {"debug", "update_entries_limit"});
  reader.finish();

  if (!record.empty() && !alert.empty()) {
    reader.problem("alert", "only one of record and alert may be set");
  } else if (rule.name.empty()) {
    context.problems.add(node, "one of record or alert must be set");
  } else if (!rule.alerting) {
    check_record(reader, rule, context.options);
  } else {
    if (!base::is_valid_utf8(rule.name)) {
      reader.problem("alert", "not valid UTF-8");
    }
    check_templates(context, rule.name, node.find("labels"), "label", rule.labels);
    check_templates(context, rule.name, node.find("annotations"), "annotation", rule.annotations);
  }
  if (text.empty()) {
    context.problems.add(expression != nullptr ? *expression : node, "expr must be set");
    return rule;
  }
  auto query = promql::parse(text, context.options.promql);
  if (!query) {
    add_inside(context, *expression, "expr", query.error());
  } else {
    rule.query = std::move(*query);
  }
  return rule;
}

Group decode_group(const Context& context, const yaml::Node& node, const std::string& file) {
  yaml::MappingReader reader(node, "rule group", context.problems);
  Group group;
  group.file = file;
  group.name = reader.required_text("name").value_or("");
  if (const auto interval = reader.duration("interval")) {
    group.interval = *interval;
    group.interval_written = *interval > base::Duration::zero();
  }
  group.query_offset = reader.duration("query_offset").value_or(context.options.query_offset);
  group.limit = static_cast<std::size_t>(
      reader.integer("limit", 0, std::numeric_limits<std::int32_t>::max()).value_or(0));
  group.labels = decode_labels(context, reader, "labels");
  if (const auto mode = reader.choice("evaluation", {"round", "interval"})) {
    group.evaluation = *mode == "round" ? EvaluationMode::kRound : EvaluationMode::kInterval;
  }
  if (const auto no_data = reader.choice("no_data", {"ok", "keep", "alert"})) {
    if (*no_data == "alert") {
      reader.problem("no_data", "\"alert\" is not supported yet; expected ok or keep");
    } else {
      group.no_data = *no_data == "ok" ? NoData::kOk : NoData::kKeep;
    }
  }
  refuse_foreign(reader, "vmalert",
                 {"type", "eval_offset", "eval_delay", "eval_alignment", "concurrency", "params",
                  "headers", "notifier_headers", "debug", "tenant"});
  refuse_foreign(reader, "Thanos", {"partial_response_strategy"});
  for (const yaml::Node* rule : reader.mappings("rules")) {
    group.rules.push_back(decode_rule(context, *rule));
  }
  reader.finish();
  return group;
}

}  // namespace

RuleFile decode(std::string text, const std::string& file, const DecodeOptions& options,
                yaml::Problems& problems) {
  RuleFile result;
  const auto document = yaml::Document::parse(std::move(text), file);
  if (!document) {
    problems.add(document.error());
    return result;
  }
  const yaml::Node& root = document->root();
  yaml::MappingReader reader(root, "rule file", problems);
  std::set<std::string> names;
  for (const yaml::Node* node : reader.mappings("groups")) {
    yaml::Problems own;
    Group group = decode_group({options, own}, *node, file);
    if (!group.name.empty() && !names.insert(group.name).second) {
      own.add(*node, "group name \"" + group.name + "\" is repeated in the same file");
    }
    for (const base::Error& error : own.errors()) {
      problems.add(error);
    }
    if (own.ok()) {
      result.groups.push_back(std::move(group));
    } else {
      result.broken.push_back({.file = file, .name = group.name, .errors = own.errors()});
    }
  }
  reader.finish();
  return result;
}

}  // namespace tocsin::rules
