#pragma once

#include <string_view>

#include "yaml/document.h"

namespace tocsin::yaml {

/// Sets `target` to the duration under `key`, where there is one; reports one that is not positive.
inline void read_positive(MappingReader& reader, std::string_view key, base::Duration& target) {
  const auto value = reader.duration(key);
  if (value && value->count() <= 0) {
    reader.problem(key, "expected more than 0s");
  } else if (value) {
    target = *value;
  }
}

}  // namespace tocsin::yaml
