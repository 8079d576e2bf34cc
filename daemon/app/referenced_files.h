#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "http_config/options.h"
#include "rendering/renderer.h"
#include "yaml/document.h"

namespace tocsin::app {

/// The paths that one entry of a list such as `rule_files` stands for. A pattern may match nothing,
/// as in Prometheus; a plain path must exist. Faults are reported at the entry.
std::vector<std::string> expand_paths(const yaml::Node& item, std::string_view key,
                                      const http_config::ConfigFiles& where,
                                      yaml::Problems& problems);

/// Reads and parses the template files that the list names; one that cannot be read or parsed is
/// reported.
std::vector<rendering::TemplateFile> load_templates(yaml::MappingReader& root,
                                                    const http_config::ConfigFiles& where,
                                                    yaml::Problems& problems);

}  // namespace tocsin::app
