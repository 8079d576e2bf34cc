#include "base/path.h"

#include <algorithm>

namespace tocsin::base {

std::vector<std::string> path_parts(std::string_view path) {
  const bool absolute = path.starts_with('/');
  std::vector<std::string> parts;
  while (!path.empty()) {
    const auto slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (part.empty() || part == ".") {
      continue;
    }
    const bool takes_back = part == ".." && !parts.empty() && parts.back() != "..";
    if (takes_back) {
      parts.pop_back();
    } else if (part != ".." || !absolute) {
      parts.emplace_back(part);
    }
  }
  return parts;
}

std::string path_within(std::string_view folder, std::string_view path) {
  const std::vector<std::string> outer = path_parts(folder);
  const std::vector<std::string> parts = path_parts(path);
  const bool same_root = folder.starts_with('/') == path.starts_with('/');
  const bool below = same_root && parts.size() > outer.size() &&
                     std::equal(outer.begin(), outer.end(), parts.begin()) &&
                     parts[outer.size()] != "..";
  std::string text = !below && path.starts_with('/') ? "/" : "";
  for (std::size_t i = below ? outer.size() : 0; i < parts.size(); ++i) {
    text += parts[i];
    text += i + 1 < parts.size() ? "/" : "";
  }
  return text;
}

}  // namespace tocsin::base
