#pragma once

#include <optional>

#include "blocks/keeper.h"
#include "blocks/series_file.h"

namespace tocsin::blocks {

/// What the jobs on the thread own: a job that was left behind may end after the keeper.
struct Keeper::Shared {
  std::optional<SeriesFile> file;
};

}  // namespace tocsin::blocks
