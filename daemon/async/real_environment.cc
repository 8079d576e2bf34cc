#include "async/real_environment.h"

#include <cstdlib>

namespace tocsin::async {

std::optional<std::string> RealEnvironment::get(const std::string& name) const {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) {
    return std::nullopt;
  }
  return std::string(value);
}

}  // namespace tocsin::async
