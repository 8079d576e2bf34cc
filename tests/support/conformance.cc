#include "support/conformance.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace tocsin::testing {

std::optional<std::string> conformance_dir() {
  const char* named = std::getenv("TOCSIN_CONFORMANCE_DIR");
  std::string folder = named != nullptr ? named : TOCSIN_SOURCE_DIR "/../shared/conformance";
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    return std::nullopt;
  }
  return folder;
}

std::string read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace tocsin::testing
