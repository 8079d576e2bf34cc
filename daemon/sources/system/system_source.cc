#include "sources/system/system_source.h"

#include <algorithm>

#include "base/text.h"

namespace tocsin::sources::system {

namespace {

/// Every kernel has what these read: where none of them works, there is no host to be seen.
bool tells_of_a_host(std::string_view collector) {
  return collector == "stat" || collector == "meminfo";
}

double seconds_between(base::MonotonicTime from, base::MonotonicTime to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

std::vector<std::string> collector_names() {
  std::vector<std::string> names{"filesystem", "time"};
  for (const auto& collector : file_collectors({})) {
    names.emplace_back(collector->name());
  }
  std::ranges::sort(names);
  return names;
}

SystemSource::SystemSource(const SystemConfig& config, Dependencies dependencies)
    : dependencies_(std::move(dependencies)),
      host_(dependencies_.files, config.roots),
      collectors_(file_collectors(config.collectors)),
      time_(!config.disabled.contains("time")) {
  std::erase_if(collectors_, [&config](const auto& collector) {
    return config.disabled.contains(std::string(collector->name()));
  });
  if (!config.disabled.contains("filesystem")) {
    filesystem_ = std::make_unique<FilesystemCollector>(
        config.filesystem, FilesystemCollector::Collaborators{dependencies_.mounts,
                                                              dependencies_.clock, host_, output_});
  }
}

void SystemSource::report(std::string_view collector, bool success, base::MonotonicTime began) {
  const double seconds = seconds_between(began, dependencies_.clock.monotonic_now());
  output_.add("node_scrape_collector_success", {{"collector", collector}}, success ? 1 : 0);
  output_.add("node_scrape_collector_duration_seconds", {{"collector", collector}}, seconds);
}

async::Task<Batch> SystemSource::poll(PollContext context) {
  const base::Clock& clock = dependencies_.clock;
  const base::MonotonicTime began = clock.monotonic_now();
  Batch batch;
  batch.started = context.started;
  output_.begin();
  std::size_t working = 0;
  bool asked = false;  // for what tells of a host …
  bool seen = false;   // … and got it
  for (const auto& collector : collectors_) {
    const base::MonotonicTime start = clock.monotonic_now();
    const base::Status status = collector->collect(host_, output_);
    working += status ? 1 : 0;
    const bool essential = tells_of_a_host(collector->name());
    asked = asked || essential;
    seen = seen || (essential && status);
    if (!status && (batch.error.empty() || essential)) {
      batch.error = std::string(collector->name()) + ": " + status.error().to_string();
    }
    report(collector->name(), status.has_value(), start);
  }
  if (filesystem_) {
    const base::MonotonicTime start = clock.monotonic_now();
    const base::Status status = co_await filesystem_->collect(context.deadline);
    working += status ? 1 : 0;
    report("filesystem", status.has_value(), start);
  }
  if (time_) {
    output_.add("node_time_seconds", base::to_seconds(clock.wall_now()));
    report("time", true, clock.monotonic_now());
  }
  batch.samples = output_.take();
  // One collector that cannot work is no failed poll. Interfaces of this machine and its name alone
  // are no host either, unless nobody asks for more.
  batch.up = asked ? seen : working > 0 || collectors_.size() <= 1;
  if (batch.up) {
    batch.error.clear();
  } else {
    batch.samples.clear();
  }
  batch.scraped = batch.samples.size();
  batch.arrived = clock.monotonic_now();
  batch.duration_seconds = seconds_between(began, batch.arrived);
  batch.duration = std::chrono::duration_cast<base::Duration>(batch.arrived - began);
  co_return batch;
}

Target make_system_target(const SystemConfig& config, SystemSource::Dependencies dependencies) {
  std::string instance = config.instance;
  if (instance.empty()) {
    const auto name =
        dependencies.files.read_file(config.roots.procfs + "/sys/kernel/hostname", 4096);
    instance = name ? std::string(base::trim(*name)) : "localhost";
  }
  model::LabelsBuilder labels;
  for (const auto& [name, value] : config.labels) {
    labels.set(name, value);
  }
  labels.set("job", config.job);
  labels.set("instance", instance);
  Target target;
  target.spec.pool = config.job;
  target.spec.id = "system:" + config.job + ":" + instance;
  target.spec.url = "system://" + instance;
  target.spec.labels = labels.build();
  target.spec.interval = config.interval;
  target.spec.sharpen = config.sharpen;
  target.spec.timeout = config.timeout.count() > 0
                            ? config.timeout
                            : std::min<base::Duration>(config.interval, std::chrono::seconds(10));
  target.source = std::make_shared<SystemSource>(config, std::move(dependencies));
  return target;
}

}  // namespace tocsin::sources::system
