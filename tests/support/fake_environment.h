#pragma once

#include <map>
#include <string>
#include <utility>

#include "base/file_system.h"

namespace tocsin::testing {

/// Variables that exist only in a map.
class FakeEnvironment final : public base::Environment {
 public:
  explicit FakeEnvironment(std::map<std::string, std::string> values)
      : values_(std::move(values)) {}

  std::optional<std::string> get(const std::string& name) const override {
    const auto found = values_.find(name);
    return found == values_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace tocsin::testing
