#include "app/referenced_files.h"

#include <utility>

#include "base/text.h"

namespace tocsin::app {
namespace {

// Whether each bracket of a shell pattern is closed; glob() takes an open one for a plain
// character, which nobody means.
bool closes_brackets(std::string_view pattern) {
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] == '\\') {
      ++at;
    } else if (pattern[at] == '[') {
      at = pattern.find(']', at + 2);
      if (at == std::string_view::npos) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

std::vector<std::string> expand_paths(const yaml::Node& item, std::string_view key,
                                      const http_config::ConfigFiles& where,
                                      yaml::Problems& problems) {
  const std::string name(key);
  if (item.kind() != yaml::NodeKind::kScalar) {
    problems.add(item, name + ": expected a path, got " + yaml::describe(item));
    return {};
  }
  const std::string pattern = base::resolve_path(where.folder, item.text());
  if (!closes_brackets(pattern)) {
    problems.add(item,
                 name + ": not a pattern: expected a ] after the [ of " + base::quote(item.text()));
    return {};
  }
  auto paths = where.files->glob(pattern);
  if (!paths) {
    problems.add(item, name + ": " + paths.error().message());
    return {};
  }
  if (paths->empty() && pattern.find_first_of("*?[") == std::string::npos) {
    problems.add(item, name + ": cannot read " + pattern + ": no such file");
  }
  return *std::move(paths);
}

std::vector<rendering::TemplateFile> load_templates(yaml::MappingReader& root,
                                                    const http_config::ConfigFiles& where,
                                                    yaml::Problems& problems) {
  std::vector<rendering::TemplateFile> templates;
  for (const yaml::Node* item : root.items("templates")) {
    for (const std::string& path : expand_paths(*item, "templates", where, problems)) {
      auto content = where.files->read_file(path, base::kMaxConfigFileBytes);
      if (!content) {
        problems.add(*item, "templates: cannot read " + content.error().message());
        continue;
      }
      rendering::TemplateFile file{path, *std::move(content)};
      // One at a time, so that the faults of all are told.
      if (const auto parsed = rendering::Renderer::make({file}); !parsed) {
        problems.add(parsed.error());
      }
      templates.push_back(std::move(file));
    }
  }
  return templates;
}

}  // namespace tocsin::app
