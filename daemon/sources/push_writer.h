#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/clock.h"
#include "series/store.h"
#include "sources/ingester.h"
#include "sources/pushed.h"

namespace tocsin::sources {

/// What became of a request that brought samples.
struct PushOutcome {
  Ingested ingested;                         ///< for the rules and for metrics
  std::vector<series::NamedSeries> touched;  ///< the series that have a sample more
  std::size_t samples = 0;                   ///< written, repetitions of what was there included
  std::size_t histograms = 0;                ///< likewise
  /// Why not everything was written, for the sender; empty when it was.
  std::string refusal;
};

/// Writes the samples under the labels and times that they came with. Whatever can be written is;
/// nothing is remembered: who pushes says himself when a series ends. Main loop only.
///
/// Samples without a time are as of `now`. What an earlier request has written for the same
/// millisecond gives way to them: a later time would be ahead of the clock, where no rule looks.
PushOutcome write_pushed(series::Store& store, series::Origin origin, const Pushed& pushed,
                         base::WallTime now);

}  // namespace tocsin::sources
