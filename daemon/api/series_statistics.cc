#include "api/series_statistics.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "api/json.h"

namespace tocsin::api {
namespace {

using Counts = std::unordered_map<std::string, std::uint64_t>;

/// The largest entries, equal ones by name.
void write_top(JsonWriter& json, std::string_view name, const Counts& counts, std::size_t top) {
  std::vector<std::pair<std::string, std::uint64_t>> entries(counts.begin(), counts.end());
  const auto larger = [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  };
  const auto end = entries.begin() + static_cast<std::ptrdiff_t>(std::min(top, entries.size()));
  std::partial_sort(entries.begin(), end, entries.end(), larger);
  json.key(name).begin_array();
  for (auto entry = entries.begin(); entry != end; ++entry) {
    json.begin_object().field("name", entry->first).key("value");
    json.integer(static_cast<std::int64_t>(entry->second)).end_object();
  }
  json.end_array();
}

}  // namespace

std::string encode_series_statistics(const series::Snapshot& snapshot, std::size_t top) {
  Counts series_of_metric;
  Counts series_of_pair;
  series::Extent all;
  std::size_t chunks = 0;
  for (const series::PinnedSeries& one : snapshot.series(0)) {
    for (const model::Label& label : one.labels) {
      const std::string value(label.value.view());
      if (label.name.view() == model::kMetricName) {
        ++series_of_metric[value];
      }
      ++series_of_pair[std::string(label.name.view()) + "=" + value];
    }
    if (const series::Extent extent = one.samples->extent(); extent.chunks > 0) {
      all.add(extent.oldest_ms, extent.newest_ms);
      chunks += extent.chunks;
    }
  }
  Counts values_of_label;
  Counts bytes_of_label;
  for (const auto& [pair, count] : series_of_pair) {
    // Label names may hold a "=" only since they may hold anything; the first one is good enough
    // for statistics.
    const std::size_t equals = pair.find('=');
    const std::string name = pair.substr(0, equals);
    ++values_of_label[name];
    bytes_of_label[name] += pair.size() - equals - 1;
  }
  JsonWriter json;
  json.begin_object().key("headStats").begin_object();
  json.key("numSeries").integer(static_cast<std::int64_t>(snapshot.series(0).size()));
  json.key("numLabelPairs").integer(static_cast<std::int64_t>(series_of_pair.size()));
  json.key("chunkCount").integer(static_cast<std::int64_t>(chunks));
  json.key("minTime").integer(all.oldest_ms);
  json.key("maxTime").integer(all.newest_ms).end_object();
  write_top(json, "seriesCountByMetricName", series_of_metric, top);
  write_top(json, "labelValueCountByLabelName", values_of_label, top);
  write_top(json, "memoryInBytesByLabelName", bytes_of_label, top);
  write_top(json, "seriesCountByLabelValuePair", series_of_pair, top);
  json.end_object();
  return json.take();
}

}  // namespace tocsin::api
