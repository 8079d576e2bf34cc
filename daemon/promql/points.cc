#include "promql/points.h"

namespace tocsin::promql {

using model::HistogramSample;
using model::Sample;

void drop_stale(series::Points& points) {
  auto& starts = points.float_starts;
  if (!starts.empty()) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < starts.size(); ++i) {
      if (!model::is_stale(points.floats[i].value)) {
        starts[kept++] = starts[i];
      }
    }
    starts.resize(kept);
  }
  std::erase_if(points.floats, [](const Sample& s) { return model::is_stale(s.value); });
  std::erase_if(points.histograms,
                [](const HistogramSample& s) { return s.histogram->is_stale(); });
}

void forget_starts(series::Points& points) {
  points.float_starts.clear();
  for (model::HistogramSample& sample : points.histograms) {
    sample.start_ms = 0;
  }
}

void hide_reset(model::HistogramPtr& histogram) {
  if (histogram->reset == model::CounterReset::kReset) {
    histogram = model::with_reset(histogram, model::CounterReset::kUnknown);
  }
}

std::size_t weight(std::span<const HistogramSample> histograms) {
  std::size_t bytes = 0;
  for (const HistogramSample& sample : histograms) {
    bytes += sample.histogram->bytes();
  }
  return bytes / sizeof(Sample);
}

}  // namespace tocsin::promql
