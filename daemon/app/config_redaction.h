#pragma once

#include <string>

namespace tocsin::app {

/// A configuration as it may be shown to who reads the API: the YAML in block style, with
/// `<secret>` for passwords, tokens, keys and addresses that hold them. Files and variables that
/// secrets come from are shown by name. Pure.
std::string redacted_config(const std::string& text);

}  // namespace tocsin::app
