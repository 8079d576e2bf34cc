#pragma once

#include <string>
#include <vector>

#include "promql/query.h"
#include "rules/rule.h"
#include "yaml/document.h"

namespace tocsin::rules {

struct DecodeOptions {
  /// Label and annotation names outside [a-zA-Z_][a-zA-Z0-9_]* are refused, as Prometheus does
  /// with `metric_name_validation_scheme: legacy`.
  bool legacy_names = false;
  base::Duration query_offset{0};    ///< of groups that have none of their own
  promql::ParseOptions promql = {};  ///< what expressions may use
};

struct RuleFile {
  std::vector<Group> groups;  ///< those without a fault, in file order
  /// Groups with a fault; their errors are in the problems, too. A fault outside of any group
  /// (no YAML, an unknown key at the top) is in the problems alone.
  std::vector<QuarantinedGroup> broken;
};

/// Reads a Prometheus rule file strictly. Every fault is added to `problems` with its place, down
/// to line and column within expressions and templates. An empty file has no groups.
///
/// Extension keys of a group: `evaluation: round | interval`, `no_data: ok | keep`.
RuleFile decode(std::string text, const std::string& file, const DecodeOptions& options,
                yaml::Problems& problems);

}  // namespace tocsin::rules
