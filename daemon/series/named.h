#pragma once

#include <cstdint>

#include "model/labels.h"

namespace tocsin::series {

/// What an id stands for.
struct Named {
  std::uint32_t id = 0;
  model::Labels labels;
};

}  // namespace tocsin::series
