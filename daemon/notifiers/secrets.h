#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/file_system.h"
#include "base/secret.h"
#include "http_config/options.h"
#include "yaml/document.h"

namespace tocsin::notifiers {

/// Where decoding finds the files that a configuration names.
struct Files {
  const base::FileSystem& system;
  std::string folder;  ///< of the configuration file; relative paths start here

  http_config::ConfigFiles config() const { return {.folder = folder, .files = &system}; }
};

/// The secret under `key`, or the trimmed content of the file under `<key>_file`. Reports both
/// being there and files that cannot be read; empty when neither is there.
base::Secret read_secret(yaml::MappingReader& reader, std::string_view key, const Files& files);

/// The mapping under `http_config`, where there is one.
std::optional<http_config::HttpOptions> take_http_config(yaml::MappingReader& reader,
                                                         const Files& files,
                                                         yaml::Problems& problems);

/// Reports a URL that is not absolute http or https; "key: …".
void check_url(yaml::MappingReader& reader, std::string_view key, std::string_view url);

}  // namespace tocsin::notifiers
