#pragma once

#include <optional>

#include "blocks/keeper.h"
#include "blocks/series_file.h"

namespace tocsin::blocks {

/// What the jobs on the thread own: a job that was left behind may end after the keeper.
struct Keeper::Shared {
  /// None once the keeper has ended, or while no new one can be begun for a damaged one.
  std::optional<SeriesFile> file;

  /// What `use` makes of the file.
  template <class F>
  auto with(F use) -> decltype(use(*file)) {
    if (!file) {
      return base::Error(base::ErrorCode::kUnavailable, "there is no file of samples");
    }
    return use(*file);
  }
};

}  // namespace tocsin::blocks
