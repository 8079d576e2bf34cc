#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/file_system.h"
#include "yaml/document.h"

namespace tocsin::app {

/// Puts the values of environment variables in for `${NAME}` in the texts of a configuration.
/// `$${NAME}` stands for the text `${NAME}`; $1, ${1} and any other $ stay as they are.
class Expansion {
 public:
  explicit Expansion(const base::Environment& environment) : environment_(environment) {}

  const base::Environment& environment() const { return environment_; }

  /// What the scalar stands for; variables that are not set are reported where they stand.
  std::string expand(const yaml::Node& scalar, yaml::Problems& problems);
  /// Prometheus has `$$` for every $ in external labels, not only before a brace.
  std::string expand_label(std::string_view written) const;
  /// Messages that quote a value name its variable instead: it may be a secret.
  yaml::Problems without_values(const yaml::Problems& problems) const;

 private:
  std::string hide(std::string text) const;

  const base::Environment& environment_;
  std::map<std::string, std::string> values_;  ///< by name, of the variables that were used
};

}  // namespace tocsin::app
