#include <re2/re2.h>

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "sources/registry.h"
#include "sources/system/system_source.h"

namespace tocsin::sources {

namespace {

using system::SystemConfig;

/// An RE2 expression that has to compile.
void expression(yaml::MappingReader& reader, std::string_view key, std::string& into) {
  const auto text = reader.text(key);
  if (!text) {
    return;
  }
  const RE2 compiled(*text, RE2::Quiet);
  if (!compiled.ok()) {
    reader.problem(key, "no valid regular expression: " + compiled.error());
    return;
  }
  into = *text;
}

class SystemSourceConfig final : public SourceConfig {
 public:
  explicit SystemSourceConfig(SystemConfig config) : config_(std::move(config)) {}

  std::string key() const override { return "system " + config_.job + " " + config_.instance; }

  std::vector<Target> make_targets(const Runtime& runtime) const override {
    auto mounts = std::make_shared<system::StatfsProbe>(runtime.executor, runtime.timers);
    return {system::make_system_target(config_, {runtime.files, runtime.clock, std::move(mounts)})};
  }

 private:
  SystemConfig config_;
};

void decode_disabled(yaml::MappingReader& reader, SystemConfig& config) {
  const std::vector<std::string> known = system::collector_names();
  for (const std::string& name : reader.texts("disabled_collectors")) {
    if (std::ranges::find(known, name) == known.end()) {
      reader.problem("disabled_collectors", "unknown collector " + base::quote(name) +
                                                ", expected one of " + base::join(known, ", "));
    }
    config.disabled.insert(name);
  }
}

std::unique_ptr<SourceConfig> decode_system(const SourceSection& section,
                                            yaml::Problems& problems) {
  SystemConfig config;
  yaml::MappingReader reader(section.node, "system", problems);
  config.interval = reader.duration("interval").value_or(config.interval);
  config.timeout = reader.duration("timeout").value_or(config.timeout);
  config.sharpen = reader.boolean("sharpen").value_or(false);
  config.job = reader.text("job").value_or(config.job);
  config.instance = reader.text("instance").value_or("");
  config.labels = reader.text_map("labels");
  config.roots.procfs = reader.text("procfs").value_or(config.roots.procfs);
  config.roots.sysfs = reader.text("sysfs").value_or(config.roots.sysfs);
  config.roots.rootfs = reader.text("rootfs").value_or(config.roots.rootfs);
  decode_disabled(reader, config);
  expression(reader, "disk_exclude", config.collectors.disk_exclude);
  expression(reader, "network_exclude", config.collectors.network_exclude);
  expression(reader, "mount_points_exclude", config.filesystem.mount_points_exclude);
  expression(reader, "fs_types_exclude", config.filesystem.types_exclude);
  if (config.interval.count() <= 0) {
    reader.problem("interval", "expected more than nothing");
  }
  if (config.timeout > config.interval) {
    reader.problem("timeout", base::format_duration(config.timeout) +
                                  " is longer than the interval of " +
                                  base::format_duration(config.interval));
  }
  if (config.job.empty()) {
    reader.problem("job", "must not be empty");
  }
  for (const auto& [name, value] : config.labels) {
    if (!model::is_legacy_label_name(name) || name.starts_with("__")) {
      reader.problem("labels", base::quote(name) + " is no valid label name");
    }
  }
  reader.finish();
  return std::make_unique<SystemSourceConfig>(std::move(config));
}

}  // namespace

base::Status add_built_in_sources(Registry& registry) {
  return registry.add("system", decode_system);
}

}  // namespace tocsin::sources
