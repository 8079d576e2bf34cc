// How a new configuration takes the place of the running one.
#include <utility>

#include "app/daemon.h"
#include "app/log.h"
#include "async/deadline.h"
#include "base/text.h"

namespace tocsin::app {
namespace {

void log_problems(const yaml::Problems& problems) {
  for (const base::Error& warning : problems.warnings()) {
    log_warning("configuration", {{"warning", warning.to_string()}});
  }
  for (const base::Error& error : problems.errors()) {
    log_error("configuration", {{"error", error.to_string()}});
  }
}

std::string lines_of(const std::vector<base::Error>& errors) {
  std::vector<std::string> lines;
  lines.reserve(errors.size());
  for (const base::Error& error : errors) {
    lines.push_back(error.to_string());
  }
  return base::join(lines, "\n");
}

}  // namespace

std::string Daemon::quarantine_text() const {
  const std::vector<rules::QuarantinedGroup>& quarantined = generation_->config.quarantined;
  std::string text;
  for (const rules::QuarantinedGroup& group : quarantined) {
    text += (text.empty() ? "" : "\n") + lines_of(group.errors);
  }
  if (!text.empty()) {
    text = std::to_string(quarantined.size()) +
           (quarantined.size() == 1 ? " rule group is" : " rule groups are") +
           " quarantined (what ran of that name before runs on), the rest was loaded: " + text;
  }
  return text;
}

async::Task<base::Status> Daemon::swap_forwarder() {
  if (forwarder_) {
    pipeline_->on_changes({});
    co_await forwarder_->stop();
    const bool cancelled = co_await async::is_cancelled();
    if (cancelled) {
      co_return base::Error(base::ErrorCode::kCancelled, "tocsin is ending");
    }
  }
  install_forwarder();
  forward_active_alerts();
  co_return base::Status{};
}

void Daemon::forward_active_alerts() {
  if (!forwarder_) {
    return;
  }
  for (const model::Alert& alert : pipeline_->core().engine().firing(parts_.clock.wall_now())) {
    forwarder_->observe({model::AlertTransition::kUpdated, alert},
                        generation_->config.evaluation_interval);
  }
}

void Daemon::keep_listener(WebConfig& next) const {
  const WebConfig& running = generation_->config.web;
  std::vector<std::string> changed;
  // With --listen the file has no say.
  if (options_.listen.empty() && next.listen() != running.listen()) {
    changed.emplace_back("web.listen");
  }
  if (next.cert_file != running.cert_file) {
    changed.emplace_back("web.cert_file");
  }
  if (next.key_file != running.key_file) {
    changed.emplace_back("web.key_file");
  }
  if (!changed.empty()) {
    log_warning("the listener stays as it was started; restart tocsin for the change to count",
                {{"changed", base::join(changed, ",")}});
  }
  next.host = running.host;
  next.port = running.port;
  next.cert_file = running.cert_file;
  next.key_file = running.key_file;
}

base::Error Daemon::refuse_reload(const yaml::Problems& problems) {
  last_reload_error_ = lines_of(problems.errors());
  metrics_.config_last_reload_successful.Set(0);
  log_error("the configuration was refused; the running one stays",
            {{"file", options_.config_file}});
  parts_.service.ready("watching; the last reload was refused");
  return {base::ErrorCode::kInvalidInput, last_reload_error_};
}

// What was loaded runs; whoever asked must hear all the same of a rule that does not.
base::Status Daemon::finish_reload() {
  for (const rules::QuarantinedGroup& group : generation_->config.quarantined) {
    for (const base::Error& error : group.errors) {
      log_error("a rule group is quarantined; its earlier version stays",
                {{"group", group.name}, {"error", error.to_string()}});
    }
  }
  last_reload_error_.clear();
  configured_ = parts_.clock.wall_now();
  log_info("configuration loaded", {{"file", options_.config_file},
                                    {"rules", std::to_string(generation_->config.rule_count())}});
  const std::size_t quarantined = generation_->config.quarantined.size();
  metrics_.rules_quarantined_groups.Set(static_cast<double>(quarantined));
  metrics_.config_last_reload_successful.Set(quarantined == 0 ? 1 : 0);
  if (quarantined > 0) {
    parts_.service.ready("watching; rule groups are quarantined");
    return base::Error(base::ErrorCode::kInvalidInput, quarantine_text());
  }
  metrics_.config_last_reload_success_seconds.Set(base::to_seconds(configured_));
  parts_.service.ready("watching");
  return {};
}

async::Task<base::Status> Daemon::reload() {
  if (!started_) {
    co_return base::Error(base::ErrorCode::kUnavailable, "tocsin is starting or ending");
  }
  const std::uint64_t mine = ++reloads_asked_;
  if (!reloading_) {
    reloading_ = tasks_.spawn("reload", serve_reloads());
  }
  while (reloading_ && reloads_served_ < mine) {
    const base::Status woken = co_await reload_ended_.wait();
    if (!woken) {
      co_return woken;
    }
  }
  if (reloads_served_ < mine) {
    co_return base::Error(base::ErrorCode::kUnavailable, "the reload was cut short");
  }
  co_return reloaded_;
}

async::Task<> Daemon::serve_reloads() {
  struct End {
    Daemon& daemon;
    ~End() {
      daemon.reloading_ = false;
      daemon.reload_ended_.notify();
    }
  };
  const End end{*this};
  while (reloads_served_ < reloads_asked_) {
    const std::uint64_t asked = reloads_asked_;
    auto once = reload_once();
    base::Status reloaded = co_await std::move(once);
    const bool cancelled = co_await async::is_cancelled();
    if (cancelled) {
      co_return;
    }
    reloaded_ = std::move(reloaded);
    reloads_served_ = asked;
    reload_ended_.notify();
  }
}

async::Task<Daemon::Reading> Daemon::read_config() {
  config_thread_ = std::make_unique<async::BlockingThread>(
      parts_.executor, async::ThreadOptions{.name = "config", .niceness = kYieldingNiceness});
  auto job = [file = options_.config_file, backends = backends_, &files = parts_.files,
              &environment = parts_.environment,
              options = LoadOptions{.quarantine_groups = true, .features = options_.features}] {
    Reading reading;
    reading.config = load_config(file, *backends, files, environment, options, reading.problems);
    return reading;
  };
  auto running = config_thread_->run(std::move(job));
  base::Result<Reading> read = co_await std::move(running);
  if (!read) {
    Reading failed;
    failed.problems.add(read.error());
    co_return failed;
  }
  config_thread_.reset();
  co_return *std::move(read);
}

async::Task<base::Status> Daemon::reload_once() {
  parts_.service.reloading(parts_.clock.monotonic_now());
  auto reading = read_config();
  Reading read = co_await std::move(reading);
  const bool cancelled = co_await async::is_cancelled();
  if (cancelled) {
    co_return base::Error(base::ErrorCode::kCancelled, "tocsin is ending");
  }
  yaml::Problems problems = std::move(read.problems);
  std::shared_ptr<Generation> generation;
  if (problems.ok()) {
    auto made = make_generation(std::move(read.config));
    if (made) {
      generation = *std::move(made);
    } else {
      problems.add(made.error());
    }
  }
  api::AuthOptions auth;
  if (generation) {
    auto credentials = read_auth(generation->config.web);
    if (credentials) {
      auth = *std::move(credentials);
    } else {
      problems.add(credentials.error());
    }
  }
  log_problems(problems);
  if (!problems.ok()) {
    co_return refuse_reload(problems);
  }
  keep_listener(generation->config.web);
  generation_ = std::move(generation);
  // Before anything that waits: a revoked token opens nothing from here on.
  api::Cors cors = cors_of(generation_->config.web, auth);
  server_->set_access(std::move(auth), std::move(cors));
  configure_receiver();
  server_->set_query_options(query_options());
  install_notifiers();
  auto swapping = swap_forwarder();
  base::Status swapped = co_await std::move(swapping);
  if (!swapped) {
    co_return swapped;
  }
  pipeline_->reload(core_options(), generation_->config.groups, generation_->config.quarantined);
  install_retention();
  install_targets();
  co_return finish_reload();
}

}  // namespace tocsin::app
