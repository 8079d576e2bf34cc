#include "api/metadata_api.h"

#include <charconv>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "api/encode.h"
#include "api/json.h"
#include "api/parameters.h"
#include "api/selector.h"
#include "model/matcher.h"

namespace tocsin::api {
namespace {

using exposition::Family;

/// Type, help and unit: what tells entries of one metric apart.
using Entry = std::tuple<std::string_view, std::string_view, std::string_view>;

std::string_view type_name(model::MetricType type) {
  switch (type) {
    case model::MetricType::kCounter:
      return "counter";
    case model::MetricType::kGauge:
      return "gauge";
    case model::MetricType::kHistogram:
      return "histogram";
    case model::MetricType::kGaugeHistogram:
      return "gaugehistogram";
    case model::MetricType::kSummary:
      return "summary";
    case model::MetricType::kInfo:
      return "info";
    case model::MetricType::kStateSet:
      return "stateset";
    case model::MetricType::kUnknown:
      break;
  }
  return "unknown";
}

/// A whole number; all there is when the parameter is missing or negative.
std::optional<std::size_t> count_of(const net::ServerRequest& request, std::string_view name) {
  const std::string text = text_of(request, name);
  std::int64_t number = -1;
  if (!text.empty()) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) {
      return std::nullopt;
    }
  }
  return number < 0 ? std::numeric_limits<std::size_t>::max() : static_cast<std::size_t>(number);
}

net::ServerResponse no_number(std::string_view name) {
  return failure(400, "bad_data", std::string(name) + " must be a number");
}

void write_entry(JsonWriter& json, const Entry& entry) {
  const auto& [type, help, unit] = entry;
  json.field("type", type).field("help", help).field("unit", unit);
}

Entry entry_of(const Family& family) { return {type_name(family.type), family.help, family.unit}; }

}  // namespace

net::ServerResponse MetadataApi::metadata(const net::ServerRequest& request) {
  const auto limit = count_of(request, "limit");
  if (!limit) {
    return no_number("limit");
  }
  const auto limit_per_metric = count_of(request, "limit_per_metric");
  if (!limit_per_metric) {
    return no_number("limit_per_metric");
  }
  const std::string wanted = text_of(request, "metric");
  const std::vector<TargetMetadata> targets = views_.metadata();
  std::map<std::string_view, std::set<Entry>> metrics;
  for (const TargetMetadata& target : targets) {
    for (const Family& family : *target.families) {
      if (wanted.empty() || family.name == wanted) {
        metrics[family.name].insert(entry_of(family));
      }
    }
  }
  JsonWriter json;
  json.begin_object();
  std::size_t shown = 0;
  for (const auto& [name, entries] : metrics) {
    if (shown++ >= *limit) {
      break;
    }
    json.key(name).begin_array();
    std::size_t of_metric = 0;
    for (const Entry& entry : entries) {
      // 0 means all here, as in Prometheus.
      if (*limit_per_metric > 0 && of_metric++ >= *limit_per_metric) {
        break;
      }
      json.begin_object();
      write_entry(json, entry);
      json.end_object();
    }
    json.end_array();
  }
  json.end_object();
  return success(json.take());
}

net::ServerResponse MetadataApi::target_metadata(const net::ServerRequest& request) {
  const auto limit = count_of(request, "limit");
  if (!limit) {
    return no_number("limit");
  }
  model::Matchers matchers;
  if (const std::string text = text_of(request, "match_target"); !text.empty()) {
    auto parsed = parse_selector(queries_, text);
    if (!parsed) {
      return bad_parameter("match_target", parsed.error());
    }
    matchers = *std::move(parsed);
  }
  const std::string wanted = text_of(request, "metric");
  const std::vector<TargetMetadata> targets = views_.metadata();
  JsonWriter json;
  json.begin_array();
  std::size_t shown = 0;
  for (const TargetMetadata& target : targets) {
    // The limit is looked at between targets only, as in Prometheus.
    if (shown >= *limit || !model::match_all(matchers, target.labels)) {
      continue;
    }
    for (const Family& family : *target.families) {
      if (!wanted.empty() && family.name != wanted) {
        continue;
      }
      ++shown;
      json.begin_object().key("target").labels(target.labels);
      if (wanted.empty()) {
        json.field("metric", family.name);
      }
      write_entry(json, entry_of(family));
      json.end_object();
    }
  }
  json.end_array();
  return success(json.take());
}

}  // namespace tocsin::api
