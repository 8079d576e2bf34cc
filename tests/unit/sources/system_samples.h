#pragma once

#include <map>
#include <string>
#include <vector>

#include "sources/source.h"

namespace tocsin::sources {

/// Samples by the text of their labels, for comparing.
inline std::map<std::string, double> by_text(const std::vector<RawSample>& samples) {
  std::map<std::string, double> map;
  for (const RawSample& sample : samples) {
    map[sample.labels.to_string()] = sample.value;
  }
  return map;
}

}  // namespace tocsin::sources
