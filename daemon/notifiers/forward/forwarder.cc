#include "notifiers/forward/forwarder.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "async/deadline.h"
#include "notifiers/outcome.h"

namespace tocsin::notifiers::forward {
namespace {

constexpr base::Duration kStopLimit = std::chrono::seconds(2);

}  // namespace

/// One batch on its way to all targets at once.
struct Forwarder::Round {
  explicit Round(boost::asio::any_io_executor executor) : finished(std::move(executor)) {}
  std::size_t running = 0;
  bool accepted = false;
  async::Event finished;
};

Forwarder::Forwarder(Config config, const Parts& parts, ForwarderOptions options)
    : config_(std::move(config)),
      parts_(parts),
      options_(std::move(options)),
      plan_(options_.plan),
      changed_(parts.executor),
      tasks_(parts.executor, [this](const std::string& task, const std::string& what) {
        if (parts_.log) {
          parts_.log(true, "task failed task=" + task + " error=" + what);
        }
      }) {}

void Forwarder::start() {
  if (!config_.alertmanagers.empty()) {
    tasks_.spawn("forward alerts", run());
  }
}

async::Task<> Forwarder::stop() { co_await tasks_.stop(parts_.timers, parts_.clock, kStopLimit); }

void Forwarder::observe(const model::AlertChange& change, base::Duration interval) {
  if (!config_.alertmanagers.empty()) {
    plan_.observe(change, interval);
    changed_.notify();
  }
}

async::Task<base::Status> Forwarder::wait_until_due() {
  const std::optional<base::WallTime> next = plan_.next_due();
  if (!next) {
    co_return co_await changed_.wait();
  }
  const base::Duration left = *next - parts_.clock.wall_now();
  if (left.count() <= 0) {
    co_return base::Status{};
  }
  const base::MonotonicTime when = parts_.clock.monotonic_now() + left;
  const base::Status woken = co_await async::with_deadline(parts_.timers, when, changed_.wait());
  const bool cancelled = !woken && woken.error().code() == base::ErrorCode::kCancelled;
  co_return cancelled ? woken : base::Status{};
}

async::Task<> Forwarder::run() {
  while (true) {
    const base::Status due = co_await wait_until_due();
    if (!due) {
      co_return;
    }
    std::vector<Outgoing> batch = plan_.take_due(parts_.clock.wall_now(), options_.max_batch);
    if (!batch.empty()) {
      co_await send_batch(std::move(batch));
    }
    const bool cancelled = co_await async::is_cancelled();
    if (cancelled) {
      co_return;
    }
  }
}

async::Task<> Forwarder::send_batch(std::vector<Outgoing> batch) {
  const std::string body = alerts_body(batch, options_.external_labels);
  auto round = std::make_shared<Round>(parts_.executor);
  for (const Alertmanagers& group : config_.alertmanagers) {
    for (const std::string& target : group.targets) {
      ++round->running;
      if (!tasks_.spawn("forward to " + target, send_to(group.url(target), group, body, round))) {
        --round->running;
      }
    }
  }
  while (round->running > 0) {
    const base::Status woken = co_await round->finished.wait();
    if (!woken) {
      co_return;
    }
  }
  if (round->accepted) {
    accepted_ += batch.size();
  } else {
    failed_ += batch.size();
    plan_.not_accepted(batch, parts_.clock.wall_now());
  }
}

async::Task<> Forwarder::send_to(std::string url, const Alertmanagers& group, std::string body,
                                 std::shared_ptr<Round> round) {
  net::HttpRequest request;
  request.method = "POST";
  request.url = std::move(url);
  request.headers.set("Content-Type", "application/json");
  request.headers.set("User-Agent", "tocsin/" + parts_.version);
  request.body = std::move(body);
  request.max_body_bytes = 1 << 20;
  const std::string where = request.url;
  Outcome outcome;
  const base::Status applied = http_config::apply(group.http, parts_.files, request);
  if (applied) {
    const base::MonotonicTime deadline = parts_.clock.monotonic_now() + group.timeout;
    const base::Result<net::HttpResponse> response =
        co_await parts_.http.send(std::move(request), deadline);
    outcome =
        response ? from_status(*response, parts_.clock.wall_now()) : from_error(response.error());
  } else {
    outcome = retry(applied.error().to_string());
  }
  if (outcome.kind == OutcomeKind::kDelivered) {
    round->accepted = true;
    last_accepted_ = parts_.clock.monotonic_now();
  } else if (parts_.log) {
    parts_.log(true, "alerts were not accepted alertmanager=" + where + " error=" +
                         redact(outcome.reason, http_config::secrets(group.http, parts_.files)));
  }
  --round->running;
  round->finished.notify();
}

}  // namespace tocsin::notifiers::forward
