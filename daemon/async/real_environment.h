#pragma once

#include "base/file_system.h"

namespace tocsin::async {

/// The environment that the process was started with. Nothing in this program changes it.
class RealEnvironment final : public base::Environment {
 public:
  std::optional<std::string> get(const std::string& name) const override;
};

}  // namespace tocsin::async
