#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tocsin::lint {

/// One broken house rule.
struct Violation {
  std::string rule;  ///< "include", "banned-call", "coroutine", "length", "promise"
  std::string path;
  int line = 0;
  std::string what;
};

/// The source with comments and the contents of literals blanked out; lines keep their numbers.
std::string without_comments_and_literals(std::string_view source);

/// Whether a file of that name holds C++ that the rules are about.
bool is_source(std::string_view path);

/// Checks one file of daemon/ or include/. `path` is relative to the source folder, such as
/// "daemon/promql/lexer.cc"; its second part is the room.
std::vector<Violation> check_file(std::string_view path, std::string_view source);

}  // namespace tocsin::lint
