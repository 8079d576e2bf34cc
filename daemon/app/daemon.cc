#include "app/daemon.h"

#include <algorithm>
#include <utility>

#include "app/log.h"
#include "app/version.h"
#include "async/deadline.h"
#include "base/text.h"
#include "journal/sql_journal.h"
#include "sources/scrape_source.h"

namespace tocsin::app {
namespace {

net::HttpClientOptions client_options() {
  net::HttpClientOptions options;
  options.user_agent = "tocsin/" + std::string(kVersion);
  return options;
}

/// Alertmanager gives a delivery the time until the group's next look, and at least this.
constexpr base::Duration kShortestDelivery = std::chrono::seconds(10);

}  // namespace

Daemon::Daemon(DaemonParts parts, DaemonOptions options)
    : parts_(parts),
      options_(std::move(options)),
      process_metrics_(metrics_, parts.files),
      backends_(make_backends(&metrics_, [this] { refresh_metrics(); })),
      http_(parts.executor, parts.clock, parts.timers, client_options()),
      pool_(parts.executor,
            async::ThreadOptions{.name = "worker", .threads = 1, .max_queued = 10'000}),
      reload_ended_(parts.executor),
      tasks_(parts.executor, [](const std::string& task, const std::string& what) {
        log_error("a task failed", {{"task", task}, {"error", what}});
      }) {}

Daemon::~Daemon() = default;

void Daemon::load(yaml::Problems& problems) {
  Config config = load_config(options_.config_file, *backends_, parts_.files, parts_.environment,
                              {.features = options_.features}, problems);
  if (!options_.listen.empty()) {
    if (base::Status set = set_listen(options_.listen, config.web); !set) {
      problems.add(std::move(set.error()).context("--listen"));
    }
  }
  if (!problems.ok()) {
    return;
  }
  auto generation = make_generation(std::move(config));
  if (!generation) {
    problems.add(generation.error());
    return;
  }
  generation_ = *std::move(generation);
}

base::Result<std::shared_ptr<Daemon::Generation>> Daemon::make_generation(Config config) {
  auto generation = std::make_shared<Generation>();
  auto renderer = rendering::Renderer::make(config.templates);
  if (!renderer) {
    return renderer.error();
  }
  generation->renderer = std::make_unique<TextRendering>(*std::move(renderer));
  generation->config = std::move(config);
  generation->integrations = notifiers::build(
      generation->config.receivers, notifier_parts(*generation->renderer, generation->config));
  return generation;
}

notifiers::Parts Daemon::notifier_parts(const notifiers::TextRenderer& renderer,
                                        const Config& config) const {
  return {.http = const_cast<net::HttpClientImpl&>(http_),
          .files = parts_.files,
          .timers = parts_.timers,
          .clock = parts_.clock,
          .renderer = renderer,
          .executor = parts_.executor,
          .log = [](bool warning,
                    std::string_view line) { warning ? log_warning(line) : log_info(line); },
          .host_name = "localhost",
          .version = std::string(kVersion),
          .delivery_timeout = std::max(kShortestDelivery, config.route.group_interval)};
}

CoreOptions Daemon::core_options() const {
  const Config& config = generation_->config;
  CoreOptions options;
  options.engine.evaluation_interval = config.evaluation_interval;
  options.engine.evaluation = config.evaluation;
  options.engine.evaluation_cpu_share = config.evaluation_cpu_share;
  options.engine.no_data = config.no_data;
  options.engine.external_labels = config.external_labels;
  options.engine.external_url = url();
  options.engine.parse = options_.features.parse;
  options_.features.apply_to(options.engine.promql);
  options.engine.promql.lookback = config.query.lookback_delta;
  options.incidents = config.incidents;
  options.dispatcher.route = config.route;
  options.dispatcher.external_url = url();
  options.dispatcher.external_labels = config.external_labels;
  for (const auto& [receiver, integrations] : generation_->integrations) {
    auto& list = options.dispatcher.receivers[receiver];
    for (const notifiers::BuiltIntegration& integration : integrations) {
      list.push_back({.name = integration.id, .send_resolved = integration.send_resolved});
    }
  }
  options.outbox.shadow = options_.shadow;
  return options;
}

std::string Daemon::url() const {
  const WebConfig& web = generation_->config.web;
  if (!web.external_url.empty()) {
    return web.external_url;
  }
  const std::string scheme = web.cert_file.empty() ? "http://" : "https://";
  const std::string host = web.host.empty() || web.host == "0.0.0.0" ? "localhost"
                           : web.host.find(':') != std::string::npos ? "[" + web.host + "]"
                                                                     : web.host;
  const std::uint16_t port = server_ ? server_->port() : web.port;
  return scheme + host + ":" + std::to_string(port);
}

async::Task<base::Status> Daemon::start() {
  launched_ = parts_.clock.wall_now();
  auto opened = co_await journal::open(storage_url());
  if (!opened) {
    co_return std::move(opened.error()).context("storage");
  }
  journal_ = *std::move(opened);
  co_await open_samples();
  pipeline_ = std::make_unique<Pipeline>(PipelineParts{.executor = parts_.executor,
                                                       .clock = parts_.clock,
                                                       .timers = parts_.timers,
                                                       .random = parts_.random,
                                                       .journal = *journal_,
                                                       .store = *store_,
                                                       .metrics = metrics_,
                                                       .keeper = keeper_.get()},
                                         core_options(), PipelineOptions{});
  feed_ = std::make_unique<Feed>(*store_, *pipeline_, metrics_, parts_.clock);
  manager_ = std::make_unique<sources::Manager>(
      sources::Manager::Dependencies{.executor = parts_.executor,
                                     .clock = parts_.clock,
                                     .timers = parts_.timers,
                                     .sink = *feed_,
                                     .sharpening = &feed_->sharpening()});
  // A few more threads than processors, so that a small query finds room beside large ones.
  query_pool_ = std::make_unique<async::WorkerPool>(
      parts_.executor,
      async::ThreadOptions{
          .name = "query", .threads = async::processors() + 2, .niceness = kYieldingNiceness});
  views_ = std::make_unique<DaemonViews>(DaemonViews::Parts{
      .pipeline = *pipeline_,
      .feed = *feed_,
      .journal = *journal_,
      .store = *store_,
      .metrics = metrics_,
      .clock = parts_.clock,
      .timers = parts_.timers,
      .query_pool = *query_pool_,
      .config = [this]() -> const Config& { return generation_->config; },
      .runtime = [this] { return runtime(); },
      .after_large_query = [this] { tasks_.spawn("give memory back", give_memory_back()); },
      .refresh_metrics = [this] { refresh_metrics(); },
      .readiness = [this] { return readiness(); }});
  base::Status served = co_await start_server();
  if (!served) {
    co_return served;
  }
  install_notifiers();
  install_forwarder();
  base::Status restored =
      co_await pipeline_->start(generation_->config.groups, generation_->config.quarantined);
  if (!restored) {
    co_return restored;
  }
  install_retention();
  keeper_->start();
  install_receiver();
  install_targets();
  forward_active_alerts();
  metrics_.config_last_reload_successful.Set(1);
  configured_ = parts_.clock.wall_now();
  metrics_.config_last_reload_success_seconds.Set(base::to_seconds(configured_));
  started_ = true;
  announce();
  parts_.service.ready("watching");
  tasks_.spawn("watchdog", watch());
  co_return base::Status{};
}

async::Task<base::Status> Daemon::start_server() {
  auto options = server_options();
  if (!options) {
    co_return options.error();
  }
  server_ = std::make_unique<api::Server>(parts_.executor, parts_.clock, parts_.timers, *views_,
                                          *views_, *this, *std::move(options));
  base::Status started = server_->start();
  if (!started) {
    co_return std::move(started.error()).context("listen on " + generation_->config.web.listen());
  }
  co_return base::Status{};
}

void Daemon::install_notifiers() {
  Notifiers notifiers;
  for (auto& [receiver, integrations] : generation_->integrations) {
    for (notifiers::BuiltIntegration& integration : integrations) {
      // A delivery under way keeps the configuration that its notifier refers to.
      notifiers[{receiver, integration.id}] =
          std::shared_ptr<notifiers::Notifier>(generation_, integration.notifier.get());
      metrics_.expect_attempts(receiver, integration.id);
    }
  }
  pipeline_->set_notifiers(std::move(notifiers));
}

/// Before, there would be no rules to wake.
void Daemon::install_receiver() {
  receiver_ = std::make_unique<Receiver>(
      Receiver::Parts{.feed = *feed_, .metrics = metrics_, .clock = parts_.clock, .pool = pool_});
  configure_receiver();
  server_->receive_with(*receiver_);
}

void Daemon::configure_receiver() {
  receiver_->enable_remote_write(options_.remote_write_receiver ||
                                 generation_->config.web.remote_write_receiver);
}

void Daemon::install_targets() {
  const Config& config = generation_->config;
  std::vector<sources::Target> targets = sources::make_scrape_targets(
      config.scrape_jobs,
      {.http = http_, .files = parts_.files, .clock = parts_.clock, .pool = &pool_});
  const sources::Runtime runtime{.executor = parts_.executor,
                                 .clock = parts_.clock,
                                 .timers = parts_.timers,
                                 .files = parts_.files,
                                 .http = http_,
                                 .pool = &pool_};
  for (const auto& source : config.sources) {
    for (sources::Target& target : source->make_targets(runtime)) {
      targets.push_back(std::move(target));
    }
  }
  manager_->set_targets(std::move(targets));
}

void Daemon::install_forwarder() {
  const Config& config = generation_->config;
  forwarder_.reset();
  if (config.alerting.alertmanagers.empty() || options_.shadow) {
    pipeline_->on_changes({});
    return;
  }
  forwarder_ = std::make_unique<notifiers::forward::Forwarder>(
      config.alerting, notifier_parts(*generation_->renderer, config),
      notifiers::forward::ForwarderOptions{.plan = {}, .external_labels = config.external_labels});
  forwarder_->start();
  pipeline_->on_changes([this](std::span<const model::AlertChange> changes) {
    for (const model::AlertChange& change : changes) {
      forwarder_->observe(change, generation_->config.evaluation_interval);
    }
  });
}

void Daemon::announce() const {
  const Config& config = generation_->config;
  std::vector<std::string> receivers;
  for (const auto& [receiver, integrations] : generation_->integrations) {
    for (const notifiers::BuiltIntegration& integration : integrations) {
      receivers.push_back(receiver + "/" + integration.id);
    }
  }
  log_info("tocsin is running", {{"url", url()},
                                 {"version", std::string(kVersion)},
                                 {"rules", std::to_string(config.rule_count())},
                                 {"notices_to", base::join(receivers, ",")},
                                 {"shadow", options_.shadow ? "yes" : "no"}});
  for (const sources::TargetStatus& target : feed_->statuses()) {
    log_info("watching", {{"job", target.spec.pool},
                          {"target", target.spec.url},
                          {"every", base::format_duration(target.spec.interval)}});
  }
}

}  // namespace tocsin::app
