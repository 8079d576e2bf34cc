#include "sources/scrape_config.h"

#include <algorithm>
#include <limits>
#include <set>

#include "base/text.h"
#include "model/labels.h"

namespace tocsin::sources {

namespace {

constexpr std::int64_t kMaxLimit = std::numeric_limits<std::int64_t>::max();

struct Protocol {
  std::string_view name;
  std::string_view media_type;  ///< empty: known and not spoken here
};

constexpr Protocol kProtocols[] = {
    {"PrometheusProto", ""},
    {"OpenMetricsText0.0.1", "application/openmetrics-text;version=0.0.1"},
    {"OpenMetricsText1.0.0", "application/openmetrics-text;version=1.0.0"},
    {"PrometheusText0.0.4", "text/plain;version=0.0.4"},
    {"PrometheusText1.0.0", "text/plain;version=1.0.0;escaping=allow-utf-8"},
};

const Protocol* protocol_named(std::string_view name) {
  const auto* found = std::ranges::find(kProtocols, name, &Protocol::name);
  return found == std::end(kProtocols) ? nullptr : found;
}

/// The Accept header for a list of scrape protocols, the first one preferred.
std::string accept_of(yaml::MappingReader& reader) {
  std::vector<std::string> parts;
  std::set<std::string> seen;
  const std::vector<std::string> names = reader.texts("scrape_protocols");
  std::size_t weight = names.size() + 1;
  for (const std::string& name : names) {
    const Protocol* protocol = protocol_named(name);
    if (protocol == nullptr) {
      reader.problem("scrape_protocols", "unknown protocol " + base::quote(name) +
                                             ", expected such as PrometheusText0.0.4");
      continue;
    }
    if (!seen.insert(name).second) {
      reader.problem("scrape_protocols", base::quote(name) + " is there twice");
    }
    if (!protocol->media_type.empty()) {
      parts.push_back(std::string(protocol->media_type) + ";q=0." +
                      std::to_string(std::min<std::size_t>(weight--, 9)));
    }
  }
  if (parts.empty()) {
    if (!names.empty()) {
      reader.problem("scrape_protocols", "protobuf alone is not supported yet");
    }
    return {};
  }
  parts.emplace_back("*/*;q=0.1");
  return base::join(parts, ",");
}

/// Switches whose effect is not there yet: false changes nothing.
void refuse_when_true(yaml::MappingReader& reader, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (reader.boolean(key).value_or(false)) {
      reader.problem(key, "not supported yet");
    }
  }
}

/// What is the same for `global` and for a job.
void decode_common(yaml::MappingReader& reader, ScrapeLimits& limits) {
  const auto count = [&reader](std::string_view key, std::uint64_t& into) {
    if (const auto value = reader.integer(key, 0, kMaxLimit)) {
      into = static_cast<std::uint64_t>(*value);
    }
  };
  if (const auto size = reader.size("body_size_limit")) {
    limits.body_bytes = *size;
  }
  count("sample_limit", limits.samples);
  count("target_limit", limits.targets);
  count("label_limit", limits.labels);
  count("label_name_length_limit", limits.label_name_length);
  count("label_value_length_limit", limits.label_value_length);
  refuse_when_true(reader, {"scrape_native_histograms", "convert_classic_histograms_to_nhcb",
                            "extra_scrape_metrics"});
  if (reader.choice("metric_name_validation_scheme", {"utf8", "legacy", ""}) == "legacy") {
    reader.warning("metric_name_validation_scheme", "all UTF-8 names are taken all the same");
  }
  reader.choice("metric_name_escaping_scheme",
                {"allow-utf-8", "underscores", "dots", "values", ""});
  // Classic histograms are always read; the others steer Prometheus' own log and memory.
  reader.boolean("always_scrape_classic_histograms");
  reader.ignored({"keep_dropped_targets", "scrape_failure_log_file"});
}

void check_label_names(const yaml::Node& node,
                       const std::vector<std::pair<std::string, std::string>>& labels,
                       yaml::Problems& problems) {
  for (const auto& [name, value] : labels) {
    if (name.empty() || !base::is_valid_utf8(name) || !base::is_valid_utf8(value)) {
      problems.add(node, "labels: " + base::quote(name) + " is no valid label");
    }
  }
}

StaticGroup decode_group(const yaml::Node& node, yaml::Problems& problems) {
  StaticGroup group;
  if (node.is_null()) {
    problems.add(node, "static_configs: expected targets and labels, found an empty entry");
    return group;
  }
  yaml::MappingReader reader(node, "static_configs", problems);
  group.targets = reader.texts("targets");
  group.labels = reader.text_map("labels");
  check_label_names(node, group.labels, problems);
  for (const std::string& target : group.targets) {
    if (target.empty() || target.find('/') != std::string::npos) {
      reader.problem("targets", base::quote(target) + " is no valid host:port; scheme and path " +
                                    "have keys of their own");
    }
  }
  reader.finish();
  return group;
}

void decode_params(yaml::MappingReader& reader, ScrapeJob& job) {
  const yaml::Node* node = reader.take("params");
  if (node == nullptr || node->is_null()) {
    return;
  }
  if (node->kind() != yaml::NodeKind::kMapping) {
    reader.problem("params", "expected a mapping of names to lists");
    return;
  }
  for (const auto& [name, values] : node->entries()) {
    std::vector<std::string> texts;
    for (const yaml::Node& value : values.items()) {
      if (value.kind() != yaml::NodeKind::kScalar) {
        reader.problem("params", "expected a list of texts for " + base::quote(name.text()));
        continue;
      }
      texts.push_back(value.text());
    }
    if (values.kind() != yaml::NodeKind::kSequence && !values.is_null()) {
      reader.problem("params", "expected a list of texts for " + base::quote(name.text()));
    }
    job.params.emplace_back(name.text(), std::move(texts));
  }
}

void decode_times(yaml::MappingReader& reader, const ScrapeGlobals& globals, ScrapeJob& job) {
  const auto interval = reader.duration("scrape_interval");
  job.interval = interval && interval->count() > 0 ? *interval : globals.interval;
  const auto timeout = reader.duration("scrape_timeout");
  if (timeout && timeout->count() > 0) {
    job.timeout = *timeout;
    if (job.timeout > job.interval) {
      reader.problem("scrape_timeout", base::format_duration(job.timeout) +
                                           " is longer than the scrape interval of " +
                                           base::format_duration(job.interval));
    }
  } else {
    job.timeout = std::min(globals.timeout, job.interval);
  }
}

void refuse_unsupported(yaml::MappingReader& reader) {
  reader.unsupported({"relabel_configs",       "metric_relabel_configs",  "azure_sd_configs",
                      "consul_sd_configs",     "digitalocean_sd_configs", "dns_sd_configs",
                      "docker_sd_configs",     "dockerswarm_sd_configs",  "ec2_sd_configs",
                      "eureka_sd_configs",     "file_sd_configs",         "gce_sd_configs",
                      "hetzner_sd_configs",    "http_sd_configs",         "ionos_sd_configs",
                      "kubernetes_sd_configs", "kuma_sd_configs",         "lightsail_sd_configs",
                      "linode_sd_configs",     "marathon_sd_configs",     "nerve_sd_configs",
                      "nomad_sd_configs",      "oci_sd_configs",          "openstack_sd_configs",
                      "ovhcloud_sd_configs",   "puppetdb_sd_configs",     "scaleway_sd_configs",
                      "serverset_sd_configs",  "stackit_sd_configs",      "triton_sd_configs",
                      "uyuni_sd_configs",      "vultr_sd_configs",        "aws_sd_configs",
                      "outscale_sd_configs"});
  refuse_when_true(reader, {"track_timestamps_staleness"});
  reader.ignored({"native_histogram_bucket_limit", "native_histogram_min_bucket_factor"});
}

ScrapeJob decode_job(const yaml::Node& node, const ScrapeGlobals& globals,
                     const http_config::ConfigFiles& config, yaml::Problems& problems) {
  ScrapeJob job;
  job.limits = globals.limits;
  yaml::MappingReader reader(node, "scrape_configs", problems);
  job.name = reader.required_text("job_name").value_or("");
  decode_times(reader, globals, job);
  job.scheme = reader.choice("scheme", {"http", "https"}).value_or("http");
  job.metrics_path = reader.text("metrics_path").value_or("/metrics");
  decode_params(reader, job);
  job.sharpen = reader.boolean("sharpen").value_or(false);
  job.honor_labels = reader.boolean("honor_labels").value_or(false);
  job.honor_timestamps = reader.boolean("honor_timestamps").value_or(true);
  job.compression = reader.boolean("enable_compression").value_or(true);
  const std::string accept = accept_of(reader);
  job.accept = accept.empty() ? globals.accept : accept;
  if (const auto fallback = reader.text("fallback_scrape_protocol")) {
    const Protocol* protocol = protocol_named(*fallback);
    if (protocol == nullptr) {
      reader.problem("fallback_scrape_protocol", "unknown protocol " + base::quote(*fallback));
    } else if (protocol->media_type.empty()) {
      reader.problem("fallback_scrape_protocol", "not supported yet");
    }
    job.fallback_openmetrics = fallback->starts_with("OpenMetrics");
  }
  decode_common(reader, job.limits);
  job.http = http_config::decode_http_options(reader, config, problems);
  for (const yaml::Node* item : reader.items("static_configs")) {
    job.groups.push_back(decode_group(*item, problems));
  }
  refuse_unsupported(reader);
  reader.finish();
  const std::size_t most = job.limits.targets;
  if (const std::size_t targets = most > 0 ? scrape_targets(job).size() : 0; targets > most) {
    // As in Prometheus, where the number may come from a discovery.
    reader.warning("target_limit", "none of the " + std::to_string(targets) +
                                       " targets will be polled, since at most " +
                                       std::to_string(most) + " are allowed");
  }
  return job;
}

}  // namespace

ScrapeGlobals decode_scrape_globals(yaml::MappingReader& global, yaml::Problems& /*problems*/) {
  ScrapeGlobals globals;
  const auto interval = global.duration("scrape_interval");
  if (interval && interval->count() > 0) {
    globals.interval = *interval;
  }
  const auto timeout = global.duration("scrape_timeout");
  if (timeout && timeout->count() > 0) {
    globals.timeout = *timeout;
    if (globals.timeout > globals.interval) {
      global.problem("scrape_timeout", base::format_duration(globals.timeout) +
                                           " is longer than the scrape interval of " +
                                           base::format_duration(globals.interval));
    }
  }
  globals.timeout = std::min(globals.timeout, globals.interval);
  globals.accept = accept_of(global);
  decode_common(global, globals.limits);
  return globals;
}

std::vector<ScrapeJob> decode_scrape_configs(const yaml::Node& list, const ScrapeGlobals& globals,
                                             const http_config::ConfigFiles& config,
                                             yaml::Problems& problems) {
  std::vector<ScrapeJob> jobs;
  if (list.is_null()) {
    return jobs;
  }
  if (list.kind() != yaml::NodeKind::kSequence) {
    problems.add(list, "scrape_configs: expected a list, found " + yaml::describe(list));
    return jobs;
  }
  std::set<std::string> names;
  for (const yaml::Node& item : list.items()) {
    if (item.is_null()) {
      problems.add(item, "scrape_configs: expected a job, found an empty entry");
      continue;
    }
    ScrapeJob job = decode_job(item, globals, config, problems);
    if (!job.name.empty() && !names.insert(job.name).second) {
      const yaml::Node* name = item.find("job_name");
      problems.add(name != nullptr ? *name : item,
                   "job_name: " + base::quote(job.name) + " is there twice");
    }
    jobs.push_back(std::move(job));
  }
  return jobs;
}

}  // namespace tocsin::sources
