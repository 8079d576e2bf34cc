#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Paths as text: nothing here asks the disk, so links are not followed.
namespace tocsin::base {

/// The parts between slashes, without "." and with ".." taken back where that is possible:
/// "./a//b", "a/c/../b" and "/a/b" give "a", "b".
std::vector<std::string> path_parts(std::string_view path);

/// `path` as seen from `folder`, the same however both are spelled: "rules/a.yml" for
/// "/etc/t/rules/a.yml" in "/etc/t", and for "t/./rules/a.yml" in "t". In normal form, when it is
/// not below the folder.
std::string path_within(std::string_view folder, std::string_view path);

}  // namespace tocsin::base
