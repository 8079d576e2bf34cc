#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/duration.h"
#include "http_config/options.h"
#include "sources/source.h"
#include "yaml/document.h"

namespace tocsin::sources {

/// Limits that the `global` section gives to every job. 0: none.
struct ScrapeLimits {
  std::uint64_t body_bytes = 0;
  std::uint64_t samples = 0;
  std::uint64_t targets = 0;
  std::uint64_t labels = 0;
  std::uint64_t label_name_length = 0;
  std::uint64_t label_value_length = 0;
};

/// What `global` says about scraping; defaults are Prometheus'.
struct ScrapeGlobals {
  base::Duration interval = std::chrono::minutes(1);
  base::Duration timeout = std::chrono::seconds(10);  ///< at most the interval
  ScrapeLimits limits;
  std::string accept;  ///< from scrape_protocols; empty: the default
};

/// Targets written down with labels of their own.
struct StaticGroup {
  std::vector<std::string> targets;  ///< host:port
  std::vector<std::pair<std::string, std::string>> labels;
};

/// One entry of `scrape_configs`.
struct ScrapeJob {
  std::string name;
  base::Duration interval{0};
  base::Duration timeout{0};
  std::string scheme = "http";
  std::string metrics_path = "/metrics";
  std::vector<std::pair<std::string, std::vector<std::string>>> params;
  bool sharpen = false;  ///< own key; see Sharpening
  bool honor_labels = false;
  bool honor_timestamps = true;
  bool compression = true;
  bool fallback_openmetrics = false;  ///< the format when a target names none
  std::string accept;
  ScrapeLimits limits;
  http_config::HttpOptions http;
  std::vector<StaticGroup> groups;
};

/// Takes the keys about scraping out of a reader of the `global` section; the caller takes the
/// others and finishes.
ScrapeGlobals decode_scrape_globals(yaml::MappingReader& global, yaml::Problems& problems);

/// Decodes the list `scrape_configs` strictly. Faults go to `problems`; the jobs returned are good
/// only when there were none.
std::vector<ScrapeJob> decode_scrape_configs(const yaml::Node& list, const ScrapeGlobals& globals,
                                             const http_config::ConfigFiles& config,
                                             yaml::Problems& problems);

/// One target of a job: where it is and what it is called. Pure.
struct ScrapeTarget {
  TargetSpec spec;
  std::string url;
  std::string refusal;  ///< why it must not be polled; empty: it may be
};

/// The targets of a job, equal ones once. Labels by Prometheus' rules: job and instance, static
/// labels, nothing that begins with "__"; __address__, __scheme__, __metrics_path__ and
/// __param_<name> among the static labels change the URL.
std::vector<ScrapeTarget> scrape_targets(const ScrapeJob& job);

/// "text" as a part of a query (blank to +), or of a path.
std::string escape_query(std::string_view text);
std::string escape_path(std::string_view text);

}  // namespace tocsin::sources
