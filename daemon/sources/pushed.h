#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "exposition/parse.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "model/sample.h"

namespace tocsin::sources {

/// One series of a request that brings samples.
struct PushedSeries {
  model::Labels labels;
  std::vector<model::Sample> samples;
  std::vector<model::HistogramSample> histograms;
  std::size_t exemplars = 0;  ///< they are counted, not kept
  std::int64_t start_ms = 0;  ///< when counting began; 0: not stated
  bool undated = false;       ///< its samples state no time: they are as of their being written
};

/// What somebody sent who was not asked: a remote_write request, or a page of text.
struct Pushed {
  std::vector<PushedSeries> series;
  std::vector<exposition::Family> families;  ///< metadata, where stated
  /// Series that cannot be stored under any labels, with the first reason. The others can.
  std::size_t invalid_series = 0;
  std::size_t invalid_samples = 0;  ///< of those, histograms included
  std::string invalid_reason;
};

}  // namespace tocsin::sources
