#include "app/check.h"

#include <algorithm>

#include "app/backends.h"
#include "app/config.h"

namespace tocsin::app {
namespace {

// Rule files have `groups` at the top, or nothing; what has a key that a configuration knows is
// one.
bool looks_like_rules(const std::string& path, const base::FileSystem& files) {
  const auto text = files.read_file(path, base::kMaxConfigFileBytes);
  if (!text) {
    return false;
  }
  const auto document = yaml::Document::parse(*text, path);
  if (!document) {
    // Let the room that is more probable explain it.
    return text->starts_with("groups:") || text->find("\ngroups:") != std::string::npos;
  }
  const yaml::Node& root = document->root();
  return root.find("groups") != nullptr ||
         std::ranges::none_of(root.entries(), [](const auto& entry) {
           return is_configuration_key(entry.first.text());
         });
}

}  // namespace

Verdict check_file(const std::string& path, const promql::Features& features,
                   const base::FileSystem& files, const base::Environment& environment) {
  Verdict verdict;
  verdict.file = path;
  if (looks_like_rules(path, files)) {
    const rules::RuleFile loaded = load_rule_file(path, files, features, verdict.problems);
    for (const rules::Group& group : loaded.groups) {
      verdict.rules += group.rules.size();
    }
    return verdict;
  }
  verdict.configuration = true;
  const auto backends = make_backends();
  const Config config =
      load_config(path, *backends, files, environment, {.features = features}, verdict.problems);
  verdict.rules = config.rule_count();
  return verdict;
}

}  // namespace tocsin::app
