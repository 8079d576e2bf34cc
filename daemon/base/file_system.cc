#include "base/file_system.h"

namespace tocsin::base {

std::string parent_folder(std::string_view path) {
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) {
    return ".";
  }
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

std::string resolve_path(std::string_view folder, std::string_view path) {
  if (path.starts_with('/') || folder.empty() || folder == ".") {
    return std::string(path);
  }
  std::string joined(folder);
  if (!joined.ends_with('/')) {
    joined += '/';
  }
  return joined + std::string(path);
}

}  // namespace tocsin::base
