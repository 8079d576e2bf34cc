#include "app/query_config.h"

#include <cstdint>

namespace tocsin::app {
namespace {

constexpr std::int64_t kMost = 1'000'000'000'000;

void take_size(yaml::MappingReader& query, std::string_view key, std::int64_t max,
               std::size_t& value) {
  if (const auto number = query.integer(key, 1, max)) {
    value = static_cast<std::size_t>(*number);
  }
}

void take_duration(yaml::MappingReader& query, std::string_view key, base::Duration& value) {
  const auto duration = query.duration(key);
  if (duration && *duration <= base::Duration(0)) {
    query.problem(key, "must be longer than 0");
  } else if (duration) {
    value = *duration;
  }
}

}  // namespace

QueryConfig decode_query(const yaml::Node& node, yaml::Problems& problems) {
  QueryConfig config;
  yaml::MappingReader query(node, "query", problems);
  take_duration(query, "timeout", config.timeout);
  take_duration(query, "lookback_delta", config.lookback_delta);
  take_size(query, "max_concurrency", 1000, config.max_concurrency);
  take_size(query, "max_samples", kMost, config.max_samples);
  take_size(query, "max_points", kMost, config.max_points);
  take_size(query, "max_length", kMost, config.max_length);
  take_size(query, "max_depth", kMost, config.max_depth);
  query.finish();
  return config;
}

}  // namespace tocsin::app
