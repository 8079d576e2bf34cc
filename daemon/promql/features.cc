#include "promql/features.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace tocsin::promql {
namespace {

// https://prometheus.io/docs/prometheus/latest/feature_flags/, and names of older releases that
// mean what is always so now. None of them changes how expressions are read or evaluated.
constexpr std::array<std::string_view, 29> kNoConcern = {
    "agent",
    "auto-gomaxprocs",
    "auto-gomemlimit",
    "auto-reload-config",
    "concurrent-rule-eval",
    "created-timestamp-zero-ingestion",
    "delayed-compaction",
    "exemplar-storage",
    "expand-external-labels",
    "extra-scrape-metrics",
    "fast-startup",
    "memory-snapshot-on-shutdown",
    "metadata-wal-records",
    "native-histograms",
    "new-service-discovery-manager",
    "no-default-scrape-port",
    "no-scrape-default-port",
    "old-ui",
    "otlp-deltatocumulative",
    "otlp-native-delta-ingestion",
    "otlp-write-receiver",
    "promql-at-modifier",
    "promql-negative-offset",
    "promql-per-step-stats",
    "remote-write-receiver",
    "st-storage",
    "type-and-unit-labels",
    "utf8-names",
    "xor2-encoding",
};

// Sets what a name stands for; false when it stands for nothing.
bool set(Features& features, std::string_view name) {
  const std::array<std::pair<std::string_view, bool*>, 6> known = {{
      {"promql-experimental-functions", &features.parse.experimental_functions},
      {"promql-duration-expr", &features.parse.duration_expressions},
      {"promql-extended-range-selectors", &features.parse.extended_ranges},
      {"promql-binop-fill-modifiers", &features.parse.fill_modifiers},
      {"promql-delayed-name-removal", &features.delayed_name_removal},
      {"use-start-timestamps", &features.use_start_timestamps},
  }};
  for (const auto& [feature, flag] : known) {
    if (feature == name) {
      *flag = true;
      return true;
    }
  }
  return std::ranges::find(kNoConcern, name) != kNoConcern.end();
}

}  // namespace

Features parse_features(const std::vector<std::string>& texts, std::vector<std::string>& unknown) {
  Features features;
  for (const std::string& text : texts) {
    for (const std::string_view part : base::split(text, ',')) {
      const std::string_view name = base::trim(part);
      if (!name.empty() && !set(features, name)) {
        unknown.emplace_back(name);
      }
    }
  }
  return features;
}

std::string_view describe_features() {
  return "promql-experimental-functions: functions and aggregations that may still change\n"
         "promql-duration-expr: arithmetic in durations; always on\n"
         "promql-extended-range-selectors: anchored and smoothed ranges\n"
         "promql-binop-fill-modifiers: fill, fill_left and fill_right\n"
         "promql-delayed-name-removal: metric names are dropped at the end of an evaluation\n"
         "use-start-timestamps: rate, increase, irate and resets use start timestamps";
}

}  // namespace tocsin::promql
