#include "notifiers/forward/config.h"

#include <utility>

#include "base/text.h"
#include "net/url.h"
#include "yaml/durations.h"

namespace tocsin::notifiers::forward {
namespace {

void decode_static(const yaml::Node& node, Alertmanagers& group, yaml::Problems& problems) {
  yaml::MappingReader reader(node, "static_configs", problems);
  for (std::string& target : reader.texts("targets")) {
    if (!net::parse_url("http://" + target + "/") || target.find('/') != std::string::npos) {
      reader.problem("targets", "expected host:port, found " + base::quote(target));
      continue;
    }
    group.targets.push_back(std::move(target));
  }
  // Only relabelling would look at them.
  reader.ignored({"labels"});
  reader.finish();
}

Alertmanagers decode_group(const yaml::Node& node, const Files& files, yaml::Problems& problems) {
  yaml::MappingReader reader(node, "alertmanagers", problems);
  Alertmanagers group;
  group.scheme = reader.choice("scheme", {"http", "https"}).value_or(group.scheme);
  group.path_prefix = reader.text("path_prefix").value_or(group.path_prefix);
  yaml::read_positive(reader, "timeout", group.timeout);
  (void)reader.choice("api_version", {"v2"});
  group.http = http_config::decode_http_options(reader, files.config(), problems);
  for (const yaml::Node* entry : reader.mappings("static_configs")) {
    decode_static(*entry, group, problems);
  }
  reader.unsupported({"relabel_configs",
                      "alert_relabel_configs",
                      "sigv4",
                      "google_iam",
                      "azuread",
                      "azure_sd_configs",
                      "consul_sd_configs",
                      "digitalocean_sd_configs",
                      "dns_sd_configs",
                      "docker_sd_configs",
                      "dockerswarm_sd_configs",
                      "ec2_sd_configs",
                      "eureka_sd_configs",
                      "file_sd_configs",
                      "gce_sd_configs",
                      "hetzner_sd_configs",
                      "http_sd_configs",
                      "ionos_sd_configs",
                      "kubernetes_sd_configs",
                      "kuma_sd_configs",
                      "lightsail_sd_configs",
                      "linode_sd_configs",
                      "marathon_sd_configs",
                      "nerve_sd_configs",
                      "nomad_sd_configs",
                      "openstack_sd_configs",
                      "ovhcloud_sd_configs",
                      "puppetdb_sd_configs",
                      "scaleway_sd_configs",
                      "serverset_sd_configs",
                      "triton_sd_configs",
                      "uyuni_sd_configs",
                      "vultr_sd_configs"});
  reader.finish();
  return group;
}

}  // namespace

std::string Alertmanagers::url(const std::string& target) const {
  std::string prefix = path_prefix;
  while (prefix.ends_with('/')) {
    prefix.pop_back();
  }
  if (!prefix.empty() && !prefix.starts_with('/')) {
    prefix.insert(0, "/");
  }
  return scheme + "://" + target + prefix + "/api/v2/alerts";
}

Config decode(const yaml::Node& node, const Files& files, yaml::Problems& problems) {
  yaml::MappingReader reader(node, "alerting", problems);
  Config config;
  for (const yaml::Node* entry : reader.mappings("alertmanagers")) {
    config.alertmanagers.push_back(decode_group(*entry, files, problems));
  }
  reader.unsupported({"alert_relabel_configs"});
  reader.finish();
  return config;
}

}  // namespace tocsin::notifiers::forward
