#pragma once

#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/file_system.h"

namespace tocsin::testing {

/// Files that exist only in a map: path to content. Folders follow from the paths.
class FakeFileSystem final : public base::FileSystem {
 public:
  FakeFileSystem() = default;
  explicit FakeFileSystem(std::map<std::string, std::string> files) : files_(std::move(files)) {}
  /// FakeFileSystem files{{"/path", "content"}, …}
  FakeFileSystem(std::initializer_list<std::pair<const std::string, std::string>> files)
      : files_(files) {}

  void write(const std::string& path, std::string content) { files_[path] = std::move(content); }
  void remove(const std::string& path) { files_.erase(path); }

  base::Result<std::string> read_file(const std::string& path,
                                      std::size_t max_bytes) const override {
    const auto found = files_.find(path);
    if (found == files_.end()) {
      return base::Error(base::ErrorCode::kNotFound, path + ": no such file");
    }
    if (found->second.size() > max_bytes) {
      return base::Error(base::ErrorCode::kLimitExceeded, path + ": too large");
    }
    return found->second;
  }

  base::Result<std::vector<std::string>> list_folder(const std::string& path) const override {
    std::set<std::string> names;
    const std::string prefix = path + "/";
    for (auto it = files_.lower_bound(prefix); it != files_.end() && it->first.starts_with(prefix);
         ++it) {
      const std::string rest = it->first.substr(prefix.size());
      names.insert(rest.substr(0, rest.find('/')));
    }
    if (names.empty()) {
      return base::Error(base::ErrorCode::kNotFound, path + ": no such folder");
    }
    return std::vector<std::string>(names.begin(), names.end());
  }

  base::Result<std::string> read_link(const std::string& path) const override {
    return base::Error(base::ErrorCode::kNotFound, path + ": no link");
  }

  bool exists(const std::string& path) const override { return files_.contains(path); }

  /// Without wildcards only.
  base::Result<std::vector<std::string>> glob(const std::string& pattern) const override {
    return exists(pattern) ? std::vector<std::string>{pattern} : std::vector<std::string>{};
  }

 private:
  std::map<std::string, std::string> files_;
};

}  // namespace tocsin::testing
