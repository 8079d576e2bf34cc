#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin::promql {

/// The content of a quoted text as the lexer delimits it: Go's escapes in "…" and '…', none in `…`.
base::Result<std::string> unquote(std::string_view quoted);

/// The value of a number as the lexer delimits it. Whole numbers that begin with 0 are octal when
/// their digits allow it, as in Go: 017 is 15, and 018 is 18.
double number_value(std::string_view literal);

}  // namespace tocsin::promql
