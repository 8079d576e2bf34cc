#pragma once

#include <string>
#include <string_view>

namespace tocsin::yaml {

/// Gives the braces of `${NAME}` to characters that mean nothing in YAML, one for one, so that a
/// variable may stand unquoted in a flow mapping: `{password: ${PASSWORD}}`.
std::string guard_variables(std::string_view text);

/// Gives them back.
std::string restore_variables(std::string_view text);

}  // namespace tocsin::yaml
