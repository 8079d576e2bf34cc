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
    ranges_.push_back({std::move(element.labels), {}, element.drop_name});
  }
  return place->second;
}

void StepCollector::add(std::int64_t time_ms, Elements elements) {
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const Place place{series_of(elements[i], i), elements[i].value};
    ranges_[place.series].samples.push_back({time_ms, place.value});
    if (i < last_.size()) {
      last_[i] = place;
    } else {
      last_.push_back(place);
    }
  }
  last_.resize(elements.size(), Place{});
}

void StepCollector::repeat(std::int64_t time_ms) {
  for (const Place& place : last_) {
    ranges_[place.series].samples.push_back({time_ms, place.value});
  }
}

}  // namespace tocsin::promql
