#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/query_config.h"
#include "app/web_config.h"
#include "base/duration.h"
#include "base/file_system.h"
#include "incidents/config.h"
#include "model/labels.h"
#include "notifiers/forward/config.h"
#include "notifiers/receivers.h"
#include "promql/features.h"
#include "rendering/renderer.h"
#include "routing/config.h"
#include "rules/engine.h"
#include "rules/rule_file.h"
#include "sources/registry.h"
#include "sources/scrape_config.h"
#include "yaml/document.h"

namespace tocsin::app {

/// The kinds of sources and notifiers that this program has.
struct Backends {
  sources::Registry sources;
  notifiers::Registry notifiers;
};

/// A tocsin.yml with everything that it refers to, as one consistent value.
struct Config {
  std::string file;
  std::string folder;  ///< of the file; relative paths start there
  std::string text;    ///< as it stands in the file, nothing put in for variables

  base::Duration evaluation_interval = std::chrono::minutes(1);
  rules::EvaluationMode evaluation = rules::EvaluationMode::kRound;
  double evaluation_cpu_share = 0.25;  ///< of one core, for all rules together; 0: no bound
  rules::NoData no_data = rules::NoData::kOk;
  model::Labels external_labels;

  WebConfig web;
  QueryConfig query;
  std::string storage_url = "sqlite:/var/lib/tocsin/tocsin.db";
  base::Duration retention = std::chrono::hours(24 * 15);  ///< of samples
  std::uint64_t retention_size = 0;                        ///< of stored samples, bytes; 0: any
  std::uint64_t series_memory = std::uint64_t{2} << 30;    ///< of series, bytes; 0: any
  std::size_t max_series = 2'000'000;                      ///< new ones beyond it are refused

  std::vector<std::unique_ptr<sources::SourceConfig>> sources;
  std::vector<sources::ScrapeJob> scrape_jobs;
  std::vector<rules::Group> groups;
  std::vector<rules::QuarantinedGroup> quarantined;  ///< only when asked to tolerate bad groups
  notifiers::forward::Config alerting;
  routing::Route route;
  std::vector<notifiers::Receiver> receivers;
  std::vector<rendering::TemplateFile> templates;
  incidents::Config incidents;

  std::size_t rule_count() const;
};

struct LoadOptions {
  /// A bad rule group is quarantined alone instead of refusing the file: for reloads.
  bool quarantine_groups = false;
  promql::Features features{};  ///< of the language, from the command line
};

/// Reads a configuration and the files it names. Faults go to `problems`, all of them; the value is
/// good only when there were none. `${NAME}` in a value becomes that of the variable; see
/// Expansion.
Config load_config(const std::string& path, const Backends& backends, const base::FileSystem& files,
                   const base::Environment& environment, const LoadOptions& options,
                   yaml::Problems& problems);

/// Whether a configuration may have this key at the top, supported or not.
bool is_configuration_key(std::string_view key);

/// Reads one Prometheus rule file.
rules::RuleFile load_rule_file(const std::string& path, const base::FileSystem& files,
                               const promql::Features& features, yaml::Problems& problems);

}  // namespace tocsin::app
