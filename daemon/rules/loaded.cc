#include "rules/loaded.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/hash.h"

namespace tocsin::rules {
namespace {

// As Go's url.QueryEscape.
std::string query_escape(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-_.~").contains(c);
    if (plain) {
      escaped += c;
    } else if (c == ' ') {
      escaped += '+';
    } else {
      escaped += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return escaped;
}

std::string labels_hash(const std::vector<std::pair<std::string, std::string>>& labels) {
  auto sorted = labels;
  std::ranges::sort(sorted);
  std::uint64_t state = base::kFnvOffset;
  for (const auto& [name, value] : sorted) {
    state = base::fnv1a("\xff", base::fnv1a(name, state));
    state = base::fnv1a("\xff", base::fnv1a(value, state));
  }
  return base::to_hex(state);
}

RuleTemplates parse_all(const std::string& rule,
                        const std::vector<std::pair<std::string, std::string>>& texts) {
  RuleTemplates templates;
  for (const auto& [name, text] : texts) {
    if (auto parsed = RuleTemplate::parse(rule, text)) {
      templates.emplace_back(name, std::move(*parsed));
    }
  }
  return templates;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> merged_labels(const Group& group,
                                                               const Rule& rule) {
  auto merged = group.labels;
  for (const auto& [name, value] : rule.labels) {
    const auto known =
        std::ranges::find(merged, name, [](const auto& label) { return label.first; });
    if (known == merged.end()) {
      merged.emplace_back(name, value);
    } else {
      known->second = value;
    }
  }
  return merged;
}

LoadedRule prepare(Rule rule, const Group& group, const EngineOptions& options) {
  LoadedRule loaded;
  loaded.labels = merged_labels(group, rule);
  loaded.id = {file_identity(group), group.name, rule.name, labels_hash(loaded.labels), 0};
  if (rule.alerting) {
    loaded.label_templates = parse_all(rule.name, loaded.labels);
    loaded.annotation_templates = parse_all(rule.name, rule.annotations);
  }
  loaded.selectors = promql::selectors(rule.query);
  loaded.still = promql::is_still_without_series(rule.query);
  loaded.incremental = promql::is_incremental(rule.query);
  promql::EvalOptions no_lookback = options.promql;
  no_lookback.lookback = base::Duration::zero();
  loaded.range = promql::longest_reach(rule.query, no_lookback);
  loaded.generator_url =
      options.external_url + "/graph?g0.expr=" + query_escape(rule.query.text()) + "&g0.tab=1";
  loaded.rule = std::move(rule);
  return loaded;
}

}  // namespace tocsin::rules
