#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "templates/value.h"

namespace tocsin::templates {

/// Letters beyond ASCII stay as they are in all three.
std::string to_upper(std::string_view text);
/// The first letter of each word in upper case, the others as they are (Go's strings.Title) or in
/// lower case.
std::string to_title(std::string_view text, bool lower_rest);

/// Whether the regular expression matches anywhere in the text.
base::Result<Value> regex_match(const std::string& pattern, const std::string& text);
/// Replaces all matches; the replacement knows Go's $1, ${1}, $name, ${name} and $$.
base::Result<Value> regex_replace(const std::string& pattern, const std::string& replacement,
                                  const std::string& text);

base::Result<Value> query_unescape(std::string_view text);

/// As Go's encoding/json writes it; fields of structs begin with a small letter.
std::string to_json(const Value& value);

}  // namespace tocsin::templates
