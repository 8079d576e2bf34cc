// How a new configuration takes the place of the running one.
#include <utility>

#include "app/daemon.h"
#include "app/log.h"
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

async::Task<> Daemon::swap_forwarder() {
  if (forwarder_) {
    pipeline_->on_changes({});
    co_await forwarder_->stop();
  }
  install_forwarder();
  forward_active_alerts();
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
  if (reloading_) {
    co_return base::Error(base::ErrorCode::kUnavailable, "a reload is running");
  }
  parts_.service.reloading(parts_.clock.monotonic_now());
  yaml::Problems problems;
  Config config = load_config(options_.config_file, *backends_, parts_.files, parts_.environment,
                              {.quarantine_groups = true, .features = options_.features}, problems);
  std::shared_ptr<Generation> generation;
  if (problems.ok()) {
    auto made = make_generation(std::move(config));
    if (made) {
      generation = *std::move(made);
    } else {
      problems.add(made.error());
    }
  }
  api::AuthOptions auth;
  if (generation) {
    auto read = read_auth(generation->config.web);
    if (read) {
      auth = *std::move(read);
    } else {
      problems.add(read.error());
    }
  }
  log_problems(problems);
  if (!problems.ok()) {
    co_return refuse_reload(problems);
  }
  reloading_ = true;
  keep_listener(generation->config.web);
  generation_ = std::move(generation);
  // Before anything that waits: a revoked token opens nothing from here on.
  api::Cors cors = cors_of(generation_->config.web, auth);
  server_->set_access(std::move(auth), std::move(cors));
  configure_receiver();
  server_->set_query_options(query_options());
  install_notifiers();
  co_await swap_forwarder();
  pipeline_->reload(core_options(), generation_->config.groups, generation_->config.quarantined);
  install_retention();
  install_targets();
  reloading_ = false;
  co_return finish_reload();
}

}  // namespace tocsin::app
