// The daemon's credentials, samples, watchdog, readiness and shutdown.
#include <utility>

#include "app/daemon.h"
#include "app/log.h"
#include "app/memory.h"
#include "async/deadline.h"
#include "base/text.h"

namespace tocsin::app {
namespace {

constexpr auto kSendingTime = std::chrono::seconds(1);

}  // namespace

base::Result<std::vector<api::Credential>> Daemon::read_credentials(
    const std::vector<Credential>& credentials) const {
  std::vector<api::Credential> read;
  for (const Credential& credential : credentials) {
    const auto content = parts_.files.read_file(credential.file, base::kMaxConfigFileBytes);
    if (!content) {
      return base::Error(content.error())
          .context("web: " + credential.name)
          .at(credential.position);
    }
    const std::string_view secret = base::trim(*content);
    if (secret.empty()) {
      return base::Error(base::ErrorCode::kInvalidInput,
                         "web: " + credential.name + ": " + credential.file + " is empty")
          .at(credential.position);
    }
    read.push_back({.name = credential.name, .secret = base::Secret(std::string(secret))});
  }
  return read;
}

api::QueryOptions Daemon::query_options() const {
  const QueryConfig& query = generation_->config.query;
  return {.max_concurrent = query.max_concurrency,
          .timeout = query.timeout,
          .max_points = query.max_points,
          .max_samples = query.max_samples,
          .max_length = query.max_length,
          .max_depth = query.max_depth};
}

base::Result<api::AuthOptions> Daemon::read_auth(const WebConfig& web) const {
  auto tokens = read_credentials(web.bearer_tokens);
  if (!tokens) {
    return tokens.error();
  }
  auto users = read_credentials(web.basic_auth_users);
  if (!users) {
    return users.error();
  }
  return api::AuthOptions{.tokens = *std::move(tokens), .users = *std::move(users)};
}

api::Cors Daemon::cors_of(const WebConfig& web, const api::AuthOptions& auth) {
  return api::Cors(web.cors_origin.value_or(auth.configured() ? ".*" : ""));
}

base::Result<api::ServerOptions> Daemon::server_options() const {
  const WebConfig& web = generation_->config.web;
  api::ServerOptions options;
  options.http.host = web.host;
  options.http.port = web.port;
  options.http.cert_file = web.cert_file;
  options.http.key_file = web.key_file;
  options.query = query_options();
  auto auth = read_auth(web);
  if (!auth) {
    return auth.error();
  }
  options.auth = *std::move(auth);
  options.cors = cors_of(web, options.auth);
  return options;
}

// Tells the service manager that all is well: this loop turns, the journal answers (or is declared
// degraded), and nothing that is due is late.
async::Task<> Daemon::watch() {
  const auto interval = parts_.service.watchdog_interval();
  if (!interval) {
    co_return;
  }
  const base::Duration period = *interval / 3;
  while (true) {
    const base::MonotonicTime next = parts_.clock.monotonic_now() + period;
    journal::RecordQuery probe{.type_prefix = "clock.", .subject = "", .limit = 1};
    auto answer = async::with_deadline(parts_.timers, next, journal_->query(std::move(probe)));
    const auto records = co_await std::move(answer);
    const bool cancelled = co_await async::is_cancelled();
    if (cancelled) {
      co_return;
    }
    // Killing a daemon that waits for its disk would end detection too, so it is not asked for.
    pipeline_->journal_heard(records.has_value());
    if (!pipeline_->is_late(period)) {
      parts_.service.alive();
    } else {
      log_error("not well: the watchdog is not told", {});
    }
    const base::Status slept = co_await parts_.timers.sleep_until(next);
    if (!slept) {
      co_return;
    }
  }
}

namespace {

// Takes over a count that starts again from zero with each new engine.
void raise_to(prometheus::Counter& counter, std::uint64_t& seen, std::uint64_t now) {
  counter.Increment(static_cast<double>(now >= seen ? now - seen : now));
  seen = now;
}

}  // namespace

void Daemon::refresh_metrics() {
  process_metrics_.refresh();
  if (!pipeline_) {
    return;
  }
  const series::StoreStats series = store_->stats();
  metrics_.series_live.Set(static_cast<double>(series.series));
  metrics_.series_bytes.Set(static_cast<double>(series.bytes));
  storage_metrics_.refresh(keeper_->stats());
  if (server_) {
    const api::QueryGate& gate = server_->gate();
    metrics_.api_queries_running.Set(static_cast<double>(gate.active()));
    metrics_.api_queries_waiting.Set(static_cast<double>(gate.waiting()));
    metrics_.api_queries_max.Set(static_cast<double>(gate.places()));
  }
  metrics_.journal_backlog_records.Set(static_cast<double>(pipeline_->committer().backlog()));
  metrics_.incidents_live.Set(static_cast<double>(pipeline_->core().incidents().live().size()));
  const routing::OutboxStats outbox = pipeline_->core().outbox().stats();
  metrics_.routing_outbox_notices.Set(static_cast<double>(outbox.pending));
  const base::WallTime now = parts_.clock.wall_now();
  metrics_.routing_outbox_oldest_seconds.Set(
      outbox.oldest ? std::max(0.0, base::to_seconds(now) - base::to_seconds(*outbox.oldest)) : 0);
  raise_to(metrics_.net_stand_in_addresses_total, stand_ins_seen_, http_.stand_in_addresses());
  raise_to(metrics_.rules_evaluations_late_total, late_seen_,
           pipeline_->core().engine().late_evaluations());
  raise_to(metrics_.rules_evaluations_missed_total, missed_seen_,
           pipeline_->core().engine().missed_evaluations());
  const rules::EvaluationKinds kinds = pipeline_->core().engine().evaluation_kinds();
  metrics_.rules_by_evaluation.Add({{"kind", "incremental"}})
      .Set(static_cast<double>(kinds.incremental));
  metrics_.rules_by_evaluation.Add({{"kind", "full"}}).Set(static_cast<double>(kinds.full));
  metrics_.rules_at_hand_bytes.Set(static_cast<double>(store_->watch_stats().bytes));
  const rules::AlertCounts alerts = pipeline_->core().engine().alert_counts();
  metrics_.rules_alerts.Add({{"state", "pending"}}).Set(static_cast<double>(alerts.pending));
  metrics_.rules_alerts.Add({{"state", "firing"}}).Set(static_cast<double>(alerts.firing));
}

api::Readiness Daemon::readiness() const {
  if (!started_) {
    return {.ready = false, .text = "tocsin is starting."};
  }
  std::string text = "tocsin is ready.";
  if (const Feed::Reach reach = feed_->reach(); reach.failing * 2 > reach.targets) {
    text += " It is blind: " + std::to_string(reach.failing) + " of " +
            std::to_string(reach.targets) + " targets cannot be polled.";
  }
  if (pipeline_->committer().degraded()) {
    text += " The journal refuses writes: " + pipeline_->committer().last_error();
  }
  if (!series_path(storage_url()).empty() && !keeper_->stats().writable) {
    text += " Samples cannot be written: they are in memory only.";
  }
  if (!last_reload_error_.empty()) {
    text += " The last reload was refused: " + last_reload_error_;
  }
  if (const std::string quarantine = quarantine_text(); !quarantine.empty()) {
    text += " " + quarantine;
  }
  return {.ready = true, .text = std::move(text)};
}

async::Task<> Daemon::give_memory_back() {
  if (giving_memory_back_) {
    co_return;
  }
  giving_memory_back_ = true;
  // The answer is still on its way to the client.
  const base::MonotonicTime sent = parts_.clock.monotonic_now() + kSendingTime;
  const base::Status slept = co_await parts_.timers.sleep_until(sent);
  giving_memory_back_ = false;
  if (slept) {
    auto trimmed = query_pool_->run([] { release_free_memory(); });
    const base::Status done = co_await std::move(trimmed);
    if (!done) {
      co_return;  // shutting down
    }
  }
}

api::RuntimeView Daemon::runtime() {
  process_metrics_.refresh();
  const auto host = parts_.files.read_file("/proc/sys/kernel/hostname", base::kMaxConfigFileBytes);
  return {.started = launched_,
          .now = parts_.clock.wall_now(),
          .folder = generation_->config.folder,
          .host = host ? std::string(base::trim(*host)) : std::string(),
          .reload_succeeded = last_reload_error_.empty() && generation_->config.quarantined.empty(),
          .configured = configured_,
          .threads = process_metrics_.threads(),
          .processors = async::processors(),
          .retention = store_->retention()};
}

async::Task<> Daemon::stop() {
  started_ = false;
  parts_.service.stopping();
  const base::MonotonicTime deadline = parts_.clock.monotonic_now() + std::chrono::seconds(4);
  co_await tasks_.stop(parts_.timers, parts_.clock, std::chrono::milliseconds(200));
  if (manager_) {
    co_await manager_->stop(std::chrono::milliseconds(500));
  }
  if (server_) {
    co_await server_->stop(std::chrono::milliseconds(500));
  }
  if (forwarder_) {
    pipeline_->on_changes({});
    co_await forwarder_->stop();
  }
  if (pipeline_) {
    const base::Status flushed = co_await pipeline_->stop(deadline);
    if (!flushed) {
      log_error("not everything could be written", {{"error", flushed.error().message()}});
    }
  }
  if (keeper_) {
    const base::Status kept = co_await keeper_->stop(deadline);
    if (!kept) {
      log_error("the last samples could not be written", {{"error", kept.error().message()}});
    }
  }
  if (journal_) {
    auto closing = async::with_deadline(parts_.timers, deadline, journal_->close());
    const base::Status closed = co_await std::move(closing);
    if (!closed) {
      log_error("the journal did not close cleanly", {{"error", closed.error().message()}});
    }
  }
  http_.close_idle();
  if (query_pool_) {
    // Its jobs were cancelled above; one that does not hear is left behind.
    const base::Status ended = co_await query_pool_->shutdown(parts_.timers, deadline);
    if (!ended) {
      log_warning("a query was left behind", {{"error", ended.error().message()}});
    }
  }
  co_await pool_.shutdown();
  if (config_thread_) {
    co_await config_thread_->shutdown();
  }
}

std::string Daemon::storage_url() const {
  return options_.storage.empty() ? generation_->config.storage_url : options_.storage;
}

// Samples of before are worth having, but not worth refusing to start: without their file tocsin
// detects from memory.
async::Task<> Daemon::open_samples() {
  store_ = std::make_unique<series::Store>(series::StoreOptions{});
  keeper_ = std::make_unique<blocks::Keeper>(
      blocks::Keeper::Parts{.executor = parts_.executor,
                            .clock = parts_.clock,
                            .timers = parts_.timers,
                            .store = *store_},
      keeper_options(generation_->config, storage_url(), base::Duration{0}), keeper_hooks());
  if (series_path(storage_url()).empty()) {
    co_return;
  }
  const base::MonotonicTime begun = parts_.clock.monotonic_now();
  const auto restored = co_await keeper_->open();
  if (!restored) {
    log_error("samples cannot be stored; detection goes on from memory",
              {{"error", restored.error().message()}});
    co_return;
  }
  const std::chrono::duration<double> took = parts_.clock.monotonic_now() - begun;
  storage_metrics_.restored(*restored, took.count());
}

void Daemon::install_retention() {
  const Config& config = generation_->config;
  const base::Duration reach = pipeline_->core().engine().longest_reach();
  const blocks::KeeperOptions options = keeper_options(config, storage_url(), reach);
  if (reach > options.retention) {
    log_info("a rule reads further back than samples are kept",
             {{"reads", base::format_duration(reach)},
              {"retention", base::format_duration(options.retention)}});
  }
  keeper_->configure(options);
}

}  // namespace tocsin::app
