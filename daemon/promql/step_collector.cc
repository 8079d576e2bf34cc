#include "promql/step_collector.h"

#include <utility>

namespace tocsin::promql {

std::size_t StepCollector::series_of(Element& element, std::size_t position) {
  // Most steps have the series of the step before, in the same order.
  if (position < last_.size()) {
    const std::size_t series = last_[position].series;
    if (ranges_[series].labels == element.labels) {
      return series;
    }
  }
  const auto [place, fresh] = index_.try_emplace(element.labels, ranges_.size());
  if (fresh) {
    RangeSeries& series = ranges_.emplace_back();
    series.labels = std::move(element.labels);
    series.drop_name = element.drop_name;
  }
  return place->second;
}

void StepCollector::put(const Place& place, std::int64_t time_ms) {
  RangeSeries& series = ranges_[place.series];
  if (place.histogram) {
    series.histograms.push_back({time_ms, place.histogram, 0});
  } else {
    series.samples.push_back({time_ms, place.value});
  }
}

void StepCollector::add(std::int64_t time_ms, Elements elements) {
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const std::size_t series = series_of(elements[i], i);
    Place place{series, elements[i].value, std::move(elements[i].histogram)};
    put(place, time_ms);
    if (i < last_.size()) {
      last_[i] = std::move(place);
    } else {
      last_.push_back(std::move(place));
    }
  }
  last_.resize(elements.size(), Place{});
}

void StepCollector::repeat(std::int64_t time_ms) {
  for (const Place& place : last_) {
    put(place, time_ms);
  }
}

}  // namespace tocsin::promql
