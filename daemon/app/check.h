#pragma once

#include <string>

#include "base/file_system.h"
#include "promql/features.h"
#include "yaml/document.h"

namespace tocsin::app {

/// What `tocsin check` finds out about one file.
struct Verdict {
  std::string file;
  bool configuration = false;  ///< or else a rule file
  std::size_t rules = 0;
  yaml::Problems problems;
};

/// Reads a configuration, with all that it names, or a rule file; the content tells which it is.
Verdict check_file(const std::string& path, const promql::Features& features,
                   const base::FileSystem& files, const base::Environment& environment);

}  // namespace tocsin::app
