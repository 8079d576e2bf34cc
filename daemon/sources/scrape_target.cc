#include <algorithm>
#include <map>

#include "base/text.h"
#include "sources/scrape_config.h"

namespace tocsin::sources {

namespace {

constexpr std::string_view kParam = "__param_";

std::string escape(std::string_view text, std::string_view plain, bool plus_for_blank) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string escaped;
  for (const char byte : text) {
    const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                        (byte >= '0' && byte <= '9');
    if (letter || plain.find(byte) != std::string_view::npos) {
      escaped += byte;
    } else if (byte == ' ' && plus_for_blank) {
      escaped += '+';
    } else {
      const auto code = static_cast<unsigned char>(byte);
      escaped += '%';
      escaped += kHex[code >> 4U];
      escaped += kHex[code & 15U];
    }
  }
  return escaped;
}

/// The labels before relabelling, as service discovery shows them.
model::Labels discovered_labels(const ScrapeJob& job, const StaticGroup& group,
                                const std::string& address) {
  model::LabelsBuilder builder;
  builder.set("job", job.name);
  builder.set("__address__", address);
  builder.set("__scheme__", job.scheme);
  builder.set("__metrics_path__", job.metrics_path);
  builder.set("__scrape_interval__", base::format_duration(job.interval));
  builder.set("__scrape_timeout__", base::format_duration(job.timeout));
  for (const auto& [name, values] : job.params) {
    if (!values.empty()) {
      builder.set(std::string(kParam) + name, values.front());
    }
  }
  for (const auto& [name, value] : group.labels) {
    builder.set(name, value);
  }
  return builder.build();
}

std::string query_of(const ScrapeJob& job, const model::Labels& labels) {
  // Sorted by name, as Go's url.Values writes them.
  std::map<std::string, std::vector<std::string>> params;
  for (const auto& [name, values] : job.params) {
    params[name] = values;
  }
  for (const model::Label& label : labels) {
    if (!label.name.view().starts_with(kParam)) {
      continue;
    }
    auto& values = params[std::string(label.name.view().substr(kParam.size()))];
    if (values.empty()) {
      values.emplace_back();
    }
    values.front() = std::string(label.value.view());
  }
  std::string query;
  for (const auto& [name, values] : params) {
    for (const std::string& value : values) {
      query += query.empty() ? "?" : "&";
      query += escape_query(name) + "=" + escape_query(value);
    }
  }
  return query;
}

model::Labels target_labels(const model::Labels& discovered) {
  model::LabelsBuilder builder;
  for (const model::Label& label : discovered) {
    if (!label.name.view().starts_with("__")) {
      builder.set(label);
    }
  }
  if (!discovered.has("instance")) {
    builder.set("instance", discovered.get("__address__"));
  }
  return builder.build();
}

/// A duration that a label may override; what is no duration or 0 does not.
base::Duration duration_of(const model::Labels& labels, std::string_view name,
                           base::Duration otherwise) {
  const auto value = base::parse_duration(labels.get(name));
  return value && value->count() > 0 ? *value : otherwise;
}

ScrapeTarget make_target(const ScrapeJob& job, const model::Labels& discovered) {
  ScrapeTarget target;
  std::string path(discovered.get("__metrics_path__"));
  if (!path.starts_with('/')) {
    path.insert(0, "/");
  }
  target.url = std::string(discovered.get("__scheme__")) + "://" +
               std::string(discovered.get("__address__")) + escape_path(path) +
               query_of(job, discovered);
  TargetSpec& spec = target.spec;
  spec.pool = job.name;
  spec.url = target.url;
  spec.id = job.name + " " + target.url;
  spec.labels = target_labels(discovered);
  spec.discovered = discovered;
  spec.interval = duration_of(discovered, "__scrape_interval__", job.interval);
  spec.timeout =
      std::min(duration_of(discovered, "__scrape_timeout__", job.timeout), spec.interval);
  spec.sharpen = job.sharpen;
  spec.honor_labels = job.honor_labels;
  spec.honor_timestamps = job.honor_timestamps;
  spec.sample_limit = job.limits.samples;
  spec.label_limit = job.limits.labels;
  spec.label_name_length_limit = job.limits.label_name_length;
  spec.label_value_length_limit = job.limits.label_value_length;
  return target;
}

}  // namespace

std::string escape_query(std::string_view text) { return escape(text, "-_.~", true); }

std::string escape_path(std::string_view text) { return escape(text, "-_.~$&+,/:;=@", false); }

std::vector<ScrapeTarget> scrape_targets(const ScrapeJob& job) {
  std::vector<ScrapeTarget> targets;
  for (const StaticGroup& group : job.groups) {
    for (const std::string& address : group.targets) {
      ScrapeTarget target = make_target(job, discovered_labels(job, group, address));
      const auto same_url = std::ranges::find(targets, target.url, &ScrapeTarget::url);
      if (same_url != targets.end()) {
        target.spec.id += " " + target.spec.labels.to_string();
      }
      const bool known = std::ranges::any_of(targets, [&target](const ScrapeTarget& other) {
        return other.url == target.url && other.spec.labels == target.spec.labels;
      });
      if (!known) {
        targets.push_back(std::move(target));
      }
    }
  }
  if (job.limits.targets > 0 && targets.size() > job.limits.targets) {
    for (ScrapeTarget& target : targets) {
      target.refusal =
          "target_limit exceeded (number of targets: " + std::to_string(targets.size()) +
          ", limit: " + std::to_string(job.limits.targets) + ")";
    }
  }
  return targets;
}

}  // namespace tocsin::sources
