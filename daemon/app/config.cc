#include "app/config.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "app/expansion.h"
#include "app/referenced_files.h"
#include "app/version.h"
#include "base/path.h"
#include "base/text.h"
#include "journal/sql_journal.h"

namespace tocsin::app {
namespace {

constexpr std::array<std::string_view, 24> kSections = {"alerting",
                                                        "global",
                                                        "incidents",
                                                        "inhibit_rules",
                                                        "mute_time_intervals",
                                                        "otlp",
                                                        "query",
                                                        "receivers",
                                                        "remediation",
                                                        "remote_read",
                                                        "remote_write",
                                                        "route",
                                                        "rule_files",
                                                        "runtime",
                                                        "scrape_config_files",
                                                        "scrape_configs",
                                                        "services",
                                                        "sources",
                                                        "storage",
                                                        "templates",
                                                        "time_intervals",
                                                        "tracing",
                                                        "tracing_config",
                                                        "web"};

model::Labels decode_external_labels(yaml::MappingReader& global, const Expansion& expansion) {
  model::LabelsBuilder labels;
  const yaml::Node* node = global.take("external_labels");
  for (const auto& [name, value] : global.text_map("external_labels")) {
    labels.set(name, expansion.expand_label(node->find(name)->written()));
  }
  return labels.build();
}

// Decodes the file section by section; each room reads its own.
class Decoder {
 public:
  Decoder(const Backends& backends, const base::FileSystem& files, const Expansion& expansion,
          const LoadOptions& options, Config& config, yaml::Problems& problems)
      : backends_(backends),
        expansion_(expansion),
        files_(files),
        options_(options),
        config_(config),
        problems_(problems),
        where_{.folder = config.folder, .files = &files} {}

  void run(const yaml::Node& root_node) {
    yaml::MappingReader root(root_node, "configuration", problems_);
    decode_global(root);
    if (const yaml::Node* web = root.take("web")) {
      config_.web = decode_web(*web, where_, problems_);
    }
    if (const yaml::Node* query = root.take("query")) {
      config_.query = decode_query(*query, problems_);
    }
    decode_storage(root);
    decode_sources(root);
    decode_rules(root);
    decode_people(root);
    root.unsupported(
        {"scrape_config_files", "remote_read", "remote_write", "remediation", "services"});
    root.ignored({"runtime", "tracing", "otlp", "tracing_config"});
    root.finish();
  }

 private:
  void decode_global(yaml::MappingReader& root) {
    static const yaml::Document kEmpty = *yaml::Document::parse("", "");
    const yaml::Node* node = root.take("global");
    yaml::MappingReader global(node != nullptr ? *node : kEmpty.root(), "global", problems_);
    scrape_globals_ = sources::decode_scrape_globals(global, problems_);
    notifier_globals_ =
        notifiers::decode_global(global, {.system = files_, .folder = config_.folder}, problems_);
    config_.evaluation_interval =
        global.duration("evaluation_interval").value_or(config_.evaluation_interval);
    if (config_.evaluation_interval <= base::Duration{0}) {
      global.problem("evaluation_interval", "must be longer than 0");
      config_.evaluation_interval = std::chrono::minutes(1);
    }
    if (global.choice("evaluation", {"round", "interval"}) == "interval") {
      config_.evaluation = rules::EvaluationMode::kInterval;
    }
    if (const auto share = global.number("evaluation_cpu_share")) {
      config_.evaluation_cpu_share = *share;
      if (!(*share >= 0)) {
        global.problem("evaluation_cpu_share", "must be 0 (no bound) or more, in cores");
      }
    }
    if (global.choice("no_data", {"ok", "keep"}) == "keep") {
      config_.no_data = rules::NoData::kKeep;
    }
    config_.external_labels = decode_external_labels(global, expansion_);
    rule_query_offset_ = global.duration("rule_query_offset").value_or(rule_query_offset_);
    global.ignored({"query_log_file", "runtime"});
    global.finish();
  }

  void decode_storage(yaml::MappingReader& root) {
    const yaml::Node* node = root.take("storage");
    if (node == nullptr) {
      return;
    }
    yaml::MappingReader storage(*node, "storage", problems_);
    config_.storage_url = storage.text("url").value_or(config_.storage_url);
    if (const base::Status known = journal::check_url(config_.storage_url); !known) {
      storage.problem("url", known.error().message());
    }
    config_.retention = storage.duration("retention").value_or(config_.retention);
    if (config_.retention < std::chrono::minutes(15)) {
      storage.problem("retention", "must be 15m at least: rules look back so far");
    }
    config_.retention_size = storage.size("retention_size").value_or(config_.retention_size);
    config_.series_memory = storage.size("memory").value_or(config_.series_memory);
    if (const auto most = storage.integer("max_series", 1000, 100'000'000)) {
      config_.max_series = static_cast<std::size_t>(*most);
    }
    storage.ignored({"tsdb", "exemplars"});
    storage.finish();
  }

  void decode_sources(yaml::MappingReader& root) {
    if (const yaml::Node* list = root.take("sources")) {
      config_.sources = backends_.sources.decode(*list, scrape_globals_, where_, problems_);
    }
    if (const yaml::Node* list = root.take("scrape_configs")) {
      config_.scrape_jobs =
          sources::decode_scrape_configs(*list, scrape_globals_, where_, problems_);
    }
  }

  void decode_rules(yaml::MappingReader& root) {
    const yaml::Node* list = root.take("rule_files");
    if (list == nullptr || list->is_null()) {
      return;
    }
    if (list->kind() != yaml::NodeKind::kSequence) {
      problems_.add(*list, "rule_files: expected a list of paths, got " + yaml::describe(*list));
      return;
    }
    std::set<std::string> seen;
    for (const yaml::Node& item : list->items()) {
      for (const std::string& path : expand_paths(item, "rule_files", where_, problems_)) {
        if (seen.insert(path).second) {
          take_rule_file(path, item);
        }
      }
    }
  }

  void take_rule_file(const std::string& path, const yaml::Node& item) {
    auto text = files_.read_file(path, base::kMaxConfigFileBytes);
    if (!text) {
      problems_.add(item, "rule_files: cannot read " + text.error().message());
      return;
    }
    yaml::Problems found;
    rules::RuleFile file = rules::decode(
        *std::move(text), path,
        {.query_offset = rule_query_offset_, .promql = options_.features.parse}, found);
    for (const base::Error& warning : found.warnings()) {
      problems_.warn(warning);
    }
    const std::string identity = base::path_within(config_.folder, path);
    for (rules::Group& group : file.groups) {
      group.identity = identity;
    }
    std::size_t in_groups = 0;
    for (rules::QuarantinedGroup& group : file.broken) {
      group.identity = identity;
      in_groups += group.errors.size();
    }
    if (options_.quarantine_groups && in_groups >= found.errors().size()) {
      std::ranges::move(file.broken, std::back_inserter(config_.quarantined));
    } else {
      for (const base::Error& error : found.errors()) {
        problems_.add(error);
      }
    }
    std::ranges::move(file.groups, std::back_inserter(config_.groups));
  }

  void decode_people(yaml::MappingReader& root) {
    notifiers::DecodeContext context{
        .global = notifier_globals_,
        .files = {.system = files_, .folder = config_.folder},
        .problems = problems_,
        .search_path = expansion_.environment().get("PATH").value_or("/bin:/usr/bin"),
        .version = std::string(kVersion)};
    static const yaml::Document kLog = *yaml::Document::parse(
        "{route: {receiver: log}, receivers: [{name: log, log_configs: [{}]}]}", "");
    const yaml::Node* list = root.take("receivers");
    const yaml::Node* route = root.take("route");
    if (list == nullptr && route == nullptr) {
      // As every prometheus.yml, which knows of rules but not of people.
      problems_.warn(root.node(),
                     "without route and receivers, notices go to the log and to nobody else");
      list = kLog.root().find("receivers");
      route = kLog.root().find("route");
    } else if (route == nullptr) {
      root.require("route");
    }
    std::vector<std::string> names;
    if (list != nullptr) {
      config_.receivers = notifiers::decode_receivers(*list, backends_.notifiers, context);
      for (const notifiers::Receiver& receiver : config_.receivers) {
        names.push_back(receiver.name);
      }
    }
    if (route != nullptr) {
      config_.route = routing::decode_route(*route, problems_);
      if (auto unknown = routing::check_receiver(config_.route, names)) {
        problems_.add(*std::move(unknown));
      }
    }
    routing::take_routing_keys(root, problems_);
    config_.templates = load_templates(root, where_, problems_);
    if (const yaml::Node* alerting = root.take("alerting")) {
      config_.alerting = notifiers::forward::decode(*alerting, context.files, problems_);
    }
    if (const yaml::Node* incidents = root.take("incidents")) {
      config_.incidents = incidents::decode_config(*incidents, problems_);
    }
  }

  const Backends& backends_;
  const Expansion& expansion_;
  const base::FileSystem& files_;
  const LoadOptions& options_;
  Config& config_;
  yaml::Problems& problems_;
  http_config::ConfigFiles where_;
  sources::ScrapeGlobals scrape_globals_;
  base::Duration rule_query_offset_{0};
  notifiers::GlobalConfig notifier_globals_;
};

}  // namespace

std::size_t Config::rule_count() const {
  std::size_t count = 0;
  for (const rules::Group& group : groups) {
    count += group.rules.size();
  }
  return count;
}

Config load_config(const std::string& path, const Backends& backends, const base::FileSystem& files,
                   const base::Environment& environment, const LoadOptions& options,
                   yaml::Problems& problems) {
  Config config;
  config.file = path;
  config.folder = base::parent_folder(path);
  auto text = files.read_file(path, base::kMaxConfigFileBytes);
  if (!text) {
    problems.add(std::move(text.error()).context("cannot read the configuration"));
    return config;
  }
  Expansion expansion(environment);
  yaml::Problems found;
  const auto document = yaml::Document::parse(
      *text, path, {},
      [&expansion, &found](const yaml::Node& scalar) { return expansion.expand(scalar, found); });
  if (!document) {
    problems.add(document.error());
    return config;
  }
  Decoder(backends, files, expansion, options, config, found).run(document->root());
  problems.append(expansion.without_values(found));
  config.text = *std::move(text);
  return config;
}

bool is_configuration_key(std::string_view key) {
  return std::ranges::find(kSections, key) != kSections.end();
}

rules::RuleFile load_rule_file(const std::string& path, const base::FileSystem& files,
                               const promql::Features& features, yaml::Problems& problems) {
  auto text = files.read_file(path, base::kMaxConfigFileBytes);
  if (!text) {
    problems.add(std::move(text.error()).context("cannot read the rule file"));
    return {};
  }
  return rules::decode(*std::move(text), path, {.promql = features.parse}, problems);
}

}  // namespace tocsin::app
