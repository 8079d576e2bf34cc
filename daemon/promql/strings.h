#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin::promql {

/// The content of a quoted text as the lexer delimits it: Go's escapes in "…" and '…', none in `…`.
base::Result<std::string> unquote(std::string_view quoted);

}  // namespace tocsin::promql
