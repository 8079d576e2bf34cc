#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin::promqltest {

/// How far before or after each sample counting began, in milliseconds; nothing: not known.
using StartOffsets = std::vector<std::optional<std::int64_t>>;

/// Reads what stands behind `series@st`: `_ _x3 -1m -1mx4 -30s-1mx2`.
base::Result<StartOffsets> parse_start_offsets(std::string_view text);

}  // namespace tocsin::promqltest
