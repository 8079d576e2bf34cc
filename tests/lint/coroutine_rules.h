#pragma once

#include <string_view>
#include <vector>

#include "lint/house_rules.h"

namespace tocsin::lint {

/// The coroutine shapes that g++ 12.2 miscompiles or that end badly: co_await in a condition, in
/// an argument list or a catch block, two in one statement, temporaries of aggregates or capturing
/// lambdas in an awaiting statement, capturing lambdas that are coroutines. `code` must come
/// without comments and literals.
void check_coroutines(std::string_view path, std::string_view code, std::vector<Violation>& found);

}  // namespace tocsin::lint
