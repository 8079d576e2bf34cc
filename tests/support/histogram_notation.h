#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/histogram.h"

namespace tocsin::testing {

/// A native histogram as a test writes it down.
struct NotedHistogram {
  model::HistogramPtr histogram;  ///< null where there is none
  bool states_reset = false;      ///< counter_reset_hint was written, so it matters
};

/// Reads one item: `{{schema:0 count:3 buckets:[1 2]}}`, maybe followed by `x5`, or by `+{{…}}x5`
/// or
/// `-{{…}}x5`, and appends the histograms that it stands for.
base::Status parse_histogram_item(std::string_view item, std::vector<NotedHistogram>& out);

}  // namespace tocsin::testing
