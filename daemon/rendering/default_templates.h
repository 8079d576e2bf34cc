#pragma once

#include <string_view>

namespace tocsin::rendering {

/// The definitions that are there without any configuration, under the names that Alertmanager's
/// configurations refer to. A user's definition of the same name replaces one.
std::string_view default_templates();

}  // namespace tocsin::rendering
