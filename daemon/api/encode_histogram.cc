#include "api/encode_histogram.h"

#include <string>
#include <vector>

namespace tocsin::api {
namespace {

int boundaries(const model::BucketRange& range) {
  if (range.lower_inclusive) {
    return range.upper_inclusive ? 3 : 1;
  }
  return range.upper_inclusive ? 0 : 2;
}

}  // namespace

void write_histogram_point(JsonWriter& json, std::int64_t time_ms,
                           const model::Histogram& histogram) {
  json.begin_array().raw(format_timestamp(time_ms)).begin_object();
  json.key("count").string(format_sample_value(histogram.count));
  json.key("sum").string(format_sample_value(histogram.sum));
  const std::vector<model::BucketRange> ranges = model::ranges_of(histogram);
  if (!ranges.empty()) {
    json.key("buckets").begin_array();
    for (const model::BucketRange& range : ranges) {
      json.begin_array().raw(std::to_string(boundaries(range)));
      json.string(format_sample_value(range.lower)).string(format_sample_value(range.upper));
      json.string(format_sample_value(range.count)).end_array();
    }
    json.end_array();
  }
  json.end_object().end_array();
}

}  // namespace tocsin::api
