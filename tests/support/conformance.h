#pragma once

#include <optional>
#include <string>

namespace tocsin::testing {

/// The folder with test data from the field: TOCSIN_CONFORMANCE_DIR, or shared/conformance beside
/// the checkout. Nothing when it does not exist; tests that need it are skipped then.
std::optional<std::string> conformance_dir();

/// The content of a file, for tests; an empty text when it cannot be read.
std::string read_file(const std::string& path);

}  // namespace tocsin::testing
